// A stretch of one trace, drawn with the mouse or the keys: to be marked, and to be measured.

import {make, place} from "./dom.js"
import {across} from "./glass.js"

const LEAST = 0.001 // of a page

/** Which of those with its label a trace of a page is. */
export const numberOf = (traces, index) =>
  traces.slice(0, index).filter(({label}) => label == traces[index].label).length

/** What names a trace, so that it is found on another page, too. */
export const nameOf = (page, {trace, index}) =>
  ({label: trace.label, number: numberOf(page.traces, index), rows: trace.rows})

/** The row of the layout that shows a trace of that name, if any does. */
export const rowNamed = ({page, layout}, {label, number}) =>
  layout?.rows.find(({trace, index}) => trace.label == label && numberOf(page.traces, index) == number)

/**
 * Keeps `scene.selection`: {start, stop [s of the study], label, number, rows}, or null, and
 * `scene.drawing` while it is being drawn. `viewer.select(start, stop, row)` selects.
 * `anchor` is where keys began.
 */
export function selecting(viewer) {
  const {scene, state, keys, glass} = viewer
  scene.add({selection: null, drawing: false})
  const band = make("div", {class: "band", hidden: true}), own = make("div", {class: "own"})
  place("over").append(band)
  band.append(own)

  glass.on("drag", (from, to, over) => {
    if (from == null || to == null) {
      scene.set({selection: null, drawing: false})
      return
    }
    select(Math.min(from.second, to.second), Math.max(from.second, to.second), from.row, !over)
  })

  const select = (start, stop, row, drawing, anchor = start) => {
    const {page} = scene.now
    const kept = drawing || stop - start >= LEAST * (page.stop - page.start)
    scene.set({drawing, selection: kept ? {start, stop, anchor, ...nameOf(page, row)} : null})
  }
  viewer.select = select

  const show = () => {
    const {page, layout, selection} = scene.now
    const row = selection && rowNamed(scene.now, selection)
    const here = selection != null && page != null && selection.start < page.stop && selection.stop > page.start
    band.hidden = !here
    if (here) {
      band.style.left = `${across(page, selection.start)}%`
      band.style.width = `${across(page, page.start + selection.stop - selection.start)}%`
      own.hidden = row == null
      own.style.top = `${(row?.centre ?? 0) - layout.rowHeight / 2}px`
      own.style.height = `${layout.rowHeight}px`
    }
  }
  scene.on(["selection", "page", "layout"], show)
  state.on(["patient", "study"], () => scene.set({selection: null}))
}
