// A sheet of glass over the traces: where the pointer is, clicks, and what is drawn with it.

import {make, place} from "./dom.js"

const SLACK = 4 // [px]; a hand that moves less has clicked

/**
 * Brings `viewer.glass`: on("hover" | "click" | "double" | "drag", tell).
 *
 * A spot is {x, y [px], second of the study, row of the layout}. hover tells of one or null, drag
 * of (from, to, over): over is true at the end, and to is null when it was given up.
 */
export function glass({scene}) {
  const sheet = make("div", {class: "glass"})
  const told = {hover: [], click: [], double: [], drag: []}
  const tell = (kind, ...what) => told[kind].forEach((one) => one(...what))
  let from = null, dragging = false
  place("over").append(sheet)

  const spot = (event) => {
    const {page, layout, width, height} = scene.now
    if (page == null || layout == null || layout.rows.length == 0) {
      return null
    }
    const box = sheet.getBoundingClientRect()
    const x = Math.min(Math.max(event.clientX - box.left, 0), width)
    const y = Math.min(Math.max(event.clientY - box.top, 0), height)
    return {x, y, second: page.start + (x / width) * (page.stop - page.start), row: rowAt(layout, y)}
  }
  sheet.addEventListener("pointerdown", (event) => {
    if (event.button == 0) {
      from = spot(event)
      sheet.setPointerCapture(event.pointerId)
    }
  })
  sheet.addEventListener("pointermove", (event) => {
    const to = spot(event)
    if (from != null && to != null) {
      dragging ||= Math.hypot(to.x - from.x, to.y - from.y) > SLACK
    }
    if (dragging) {
      tell("drag", from, to, false)
    } else {
      tell("hover", to)
    }
  })
  const end = (event, to) => {
    if (dragging) {
      tell("drag", from, to, true)
    } else if (from != null && event.type == "pointerup") {
      tell("click", from)
    }
    from = null
    dragging = false
  }
  sheet.addEventListener("pointerup", (event) => event.button == 0 && end(event, spot(event)))
  sheet.addEventListener("pointercancel", (event) => end(event, null))
  sheet.addEventListener("pointerleave", () => from == null && tell("hover", null))
  sheet.addEventListener("dblclick", (event) => tell("double", spot(event)))
  return {sheet, spot, on: (kind, one) => told[kind].push(one)}
}

/** The row of a layout that is nearest to a height [px]. */
export const rowAt = (layout, y) =>
  layout.rows.reduce((best, row) => (Math.abs(row.centre - y) < Math.abs(best.centre - y) ? row : best))

/** Where a second of the study lies on the traces [%], for styles. */
export const across = (page, second) => (100 * (second - page.start)) / (page.stop - page.start)
