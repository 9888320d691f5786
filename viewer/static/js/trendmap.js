// The pictures of trends: spectra of all of a study, and amplitudes.

import {picture} from "./heat.js"
import {color, hatching} from "./paper.js"
import {roundUp} from "./scale.js"

/** Paint the spectra of a group; every bin is as high as the others. */
export function paintSpectra({context, width, height}, [from, to], trends, colors, range) {
  context.fillStyle = hatching(context, color("--line"))
  context.fillRect(0, 0, width, height)
  if (trends.columns > 0) {
    const scale = width / (to - from)
    context.imageSmoothingEnabled = false
    context.drawImage(picture(trends, colors, range), (trends.start - from) * scale, 0,
      trends.columns * trends.step * scale, height)
  }
}

/** The amplitude [uV] that the upper edge of the field is: few columns go beyond. */
export function topOf(all) {
  const at = (share, name) => {
    const there = Float32Array.from(all.flatMap((one) => [...one[name]]).filter((value) => !Number.isNaN(value))).sort()
    return there[Math.floor(share * (there.length - 1))]
  }
  const reached = Math.max(at(0.9, "largest"), 1.1 * at(0.998, "middle"), 1)
  return Number.isNaN(reached) ? null : roundUp(reached)
}

/** Paint amplitudes: from the least to the largest second of each column, and a line at the middle one. */
export function paintAmplitude({context, width, height}, [from, to], trends, top, dye) {
  const scale = width / (to - from)
  const y = (value) => height - Math.min(value / top, 1) * (height - 1)
  const x = (column) => (trends.start + column * trends.step - from) * scale
  context.fillStyle = context.strokeStyle = dye
  context.lineWidth = 1.2
  for (const [first, stop] of runsOf(trends.middle)) {
    context.globalAlpha = 0.25
    context.beginPath()
    for (let k = first; k < stop; k++) {
      context.lineTo(x(k), y(trends.largest[k]))
      context.lineTo(x(k + 1), y(trends.largest[k]))
    }
    for (let k = stop - 1; k >= first; k--) {
      context.lineTo(x(k + 1), y(trends.least[k]))
      context.lineTo(x(k), y(trends.least[k]))
    }
    context.fill()
    context.globalAlpha = 1
    context.beginPath()
    for (let k = first; k < stop; k++) {
      context.lineTo(x(k), y(trends.middle[k]))
      context.lineTo(x(k + 1), y(trends.middle[k]))
    }
    context.stroke()
  }
}

/** Where values are: [[first, stop], ...]. */
function runsOf(values) {
  const found = []
  values.forEach((value, k) => {
    if (Number.isNaN(value)) {
      return
    }
    if (found.at(-1)?.[1] == k) {
      found.at(-1)[1]++
    } else {
      found.push([k, k + 1])
    }
  })
  return found
}
