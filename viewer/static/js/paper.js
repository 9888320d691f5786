// Canvases as large as they are shown, in the colours of the theme.

/** The context of a canvas that fills its place, empty, in CSS pixels; null while it has no place. */
export function paper(canvas) {
  const {clientWidth: width, clientHeight: height} = canvas
  if (width == 0 || height == 0) {
    return null
  }
  canvas.width = Math.round(width * devicePixelRatio)
  canvas.height = Math.round(height * devicePixelRatio)
  const context = canvas.getContext("2d")
  context.scale(canvas.width / width, canvas.height / height)
  return {context, width, height}
}

/** The value of a colour of the theme: "--ink". */
export const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name)

/** Paint no more than once a frame: call what comes back as often as anything changes. */
export function onceAFrame(paint) {
  let waiting = false
  return () => {
    if (!waiting) {
      waiting = true
      requestAnimationFrame(() => {
        waiting = false
        paint()
      })
    }
  }
}

/** A pattern of thin lines from below left to above right. */
export function hatching(context, style) {
  const tile = document.createElement("canvas")
  tile.width = tile.height = 6
  const pen = tile.getContext("2d")
  pen.strokeStyle = style
  pen.lineWidth = 0.8
  pen.beginPath()
  for (const shift of [-6, 0, 6]) {
    pen.moveTo(shift, 6)
    pen.lineTo(shift + 6, 0)
  }
  pen.stroke()
  return context.createPattern(tile, "repeat")
}
