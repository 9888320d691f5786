// Events on the traces: one glyph, fed with what touches the page.

import {dye, isSeizure, kindsOf} from "./classes.js"
import {put} from "./draw.js"
import {captions, isPoint} from "./events.js"
import {rowsMeant} from "./labels.js"
import {THEMES} from "./palette.js"
import {rowsOfEntry} from "./rows.js"
import {same} from "./state.js"

const FILL = {seizure: {light: 0.2, dark: 0.28}, other: {light: 0.1, dark: 0.15}}
const PALER = 0.45 // what is proposed, of what is confirmed
const CAPTION = 13 // [px], the height of a line of words
const DASHES = {confirmed: [], proposed: [5, 3], rejected: [1, 3]}

/** The rows of the layout on which an entry is shown; null: on all the page. */
export function rowsShown(entry, study, layout) {
  const wanted = rowsOfEntry(study, entry)
  return wanted.length == 0 ? null
    : layout.rows.filter(({trace}) => rowsMeant(trace, study.channels).some((row) => wanted.includes(row)))
}

/** Entries of a page that are shown. */
export const shownOn = (events, page, rejected) =>
  events.touching(page.start, page.stop).filter(({status}) => rejected || status != "rejected")

export function shade({state, scene, models}) {
  state.add({rejected: false})
  const nothing = {marks: {}, captions: {}}
  let before = nothing

  const show = () => {
    const {page, layout, events, study, width} = scene.now
    const now = page == null || layout == null ? nothing : columns(shownOn(events, page, state.now.rejected), {page, layout, study, width})
    for (const name of ["marks", "captions"]) {
      if (!same(now[name], before[name])) {
        put(models[name], now[name])
      }
    }
    before = now
  }

  const columns = (found, {page, layout, study, width}) => {
    const {theme, classes} = state.now
    const kindOf = kindsOf(classes)
    const marks = {left: [], right: [], top: [], bottom: [], fill: [], alpha: [], edge: [], width: [], dash: []}
    const words = {x: [], y: [], text: []}
    const length = page.stop - page.start
    const fill = ({description}) => FILL[isSeizure(description) ? "seizure" : "other"][theme]
    const near = (second) => Math.min(Math.max(second - page.start, -length), 2 * length)
    const texts = captions(found, page.start, page.stop, width)
    found.forEach((one, k) => {
      const color = dye(kindOf(one.description))
      const bands = bandsOf(rowsShown(one, study, layout), layout.rowHeight, scene.now.height)
      for (const {top, bottom} of bands) {
        marks.left.push(near(one.start))
        marks.right.push(near(one.stop))
        marks.top.push(top)
        marks.bottom.push(bottom)
        marks.fill.push(color)
        marks.alpha.push(one.status == "rejected" || isPoint(one) ? 0 : fill(one) * (one.status == "proposed" ? PALER : 1))
        marks.edge.push(color)
        marks.width.push((isPoint(one) ? 1.6 : 1) + (one.key == scene.now.chosen ? 1.4 : 0))
        marks.dash.push(DASHES[one.status])
      }
      if (texts[k] != null && bands.length > 0) {
        words.x.push(Math.max(one.start, page.start) - page.start)
        words.y.push(Math.max(bands[0].top, 0) + 2 + (bands.length == 1 && bands[0].top < 0 ? texts[k].line * CAPTION : 0))
        words.text.push(one.status == "confirmed" ? texts[k].words : `${texts[k].words} (${one.status})`)
      }
    })
    return {marks, captions: words}
  }

  const dyed = () => {
    const {ink, paper} = THEMES[state.now.theme]
    models.captions_glyph.setv({text_color: {value: ink}, background_fill_color: {value: paper}}, {sync: false})
  }

  scene.on(["page", "layout", "events", "chosen"], show)
  state.on(["rejected", "theme", "classes"], show)
  state.on(["theme"], dyed)
  dyed()
}

/** Where a mark lies from top to bottom [px]: all over the field, or on each of its rows. */
function bandsOf(rows, rowHeight, height) {
  return rows == null ? [{top: -2, bottom: height + 2}]
    : rows.map(({centre}) => ({top: centre - rowHeight / 2, bottom: centre + rowHeight / 2}))
}
