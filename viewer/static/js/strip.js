// The whole study below the traces: envelope, gaps, events, what was seen, and where the page is.

import {dye, isSeizure, kindsOf} from "./classes.js"
import {make, place} from "./dom.js"
import {bandOf, holesOf} from "./envelope.js"
import {isOf} from "./keeping.js"
import {onceAFrame, paper} from "./paper.js"
import {rail} from "./rail.js"
import {shown as written} from "./scale.js"
import {paintStrip} from "./stripmap.js"
import {clockTicks, holding, partOf, zoomed} from "./timeline.js"
import {elapsed} from "./times.js"

const TICK = 72 // [px] for a clock time
const NEARER = 2 // a press of the key

export function strip(viewer) {
  const {state, scene, keys, moves} = viewer
  state.add({stretch: null})
  scene.add({part: [0, 1]})
  const caption = make("div", {class: "caption"})
  const canvas = make("canvas", {role: "img", "aria-label": "The study: min and max as recorded, unfiltered"})
  const clock = make("div", {class: "clock"})
  place("strip").prepend(caption, rail(viewer, make("div", {class: "field"}, canvas)), make("div", {class: "tools"}), clock)

  const arrange = () => {
    const {study} = scene.now
    if (study != null) {
      scene.set({part: partOf(state.now.stretch, study.duration)})
    }
  }
  state.on(["stretch"], arrange)
  scene.on(["study"], arrange)
  state.on(["start", "duration"], ({stretch, start, duration}) => {
    if (stretch != null && scene.now.study != null) {
      state.set({stretch: holding(stretch, start, start + duration, scene.now.study.duration)})
    }
  })
  state.on(["patient", "study"], () => state.set({stretch: null}))

  const ticks = () => {
    const {study, part, width} = scene.now
    const [from, to] = part
    clock.replaceChildren(...(study == null ? [] : clockTicks(study.clock, part, width, TICK)).map(({at, words, day}) =>
      make("span", {style: `left:${(100 * (at - from)) / (to - from)}%`, class: day ? "day" : null, title: elapsed(at)}, words)))
    const last = clock.lastElementChild
    if (last != null && last.offsetLeft + last.offsetWidth > clock.clientWidth) {
      last.replaceChildren() // the line stays, half a word would mislead
    }
  }
  scene.on(["part", "width"], ticks)

  const shown = channelsOf(viewer)
  let band = null, holes = null, edges = null, of = ""
  const look = () => {
    const {overview, study} = scene.now
    const known = isOf(overview, study) && overview.edges != null ? overview : null
    const {rows, words} = shown(known)
    const key = known == null ? "" : JSON.stringify([known.of, known.from, known.to, rows])
    if (key == of) {
      return
    }
    of = key
    edges = known?.edges
    band = known == null || rows.some((row) => known.channels[row] == null) ? null : bandOf(known, rows)
    holes = known == null ? null : holesOf(known, study.duration)
    caption.replaceChildren(...(band == null ? [] : [make("b", {class: "cut", title: words}, words),
      make("span", {}, "as recorded,"), make("span", {}, `unfiltered, ±${written(band.reach)} µV`)]))
    draw()
  }
  let marks = {seizures: [], others: []}
  const sort = () => {
    marks = sorted(scene.now.events.all, kindsOf(state.now.classes))
    draw()
  }
  const draw = onceAFrame(() => {
    const sheet = paper(canvas)
    if (sheet != null) {
      const {part, coverage} = scene.now
      paintStrip(sheet, {part, band, holes, edges, seen: coverage?.seen, ...marks})
    }
  })
  scene.on(["overview", "painted", "study"], look)
  state.on(["selected"], look)
  scene.on(["part", "width", "coverage"], draw)
  scene.on(["events"], sort)
  state.on(["classes"], sort)
  state.on(["theme"], draw)

  const zoom = (factor) => () => {
    const {study, part} = scene.now
    const {start, duration} = state.now
    if (study != null) {
      state.set({stretch: zoomed(part, factor, start + duration / 2, study.duration)})
    }
  }
  const along = (way) => () => {
    const {part} = scene.now
    moves.to(state.now.start + Math.max(Math.round((part[1] - part[0]) / 10), state.now.duration) * way)
  }
  const key = (name, words, run) => ({keys: [name], words, group: "Study", run})
  keys.add(
    key("Shift+PageDown", "A tenth of the strip on", along(1)), key("Shift+PageUp", "A tenth of the strip back", along(-1)),
    key("Alt+ArrowUp", "Strip nearer", zoom(1 / NEARER)), key("Alt+ArrowDown", "Strip farther", zoom(NEARER)),
  )
}

/** Events as spans by what they are; what was rejected is not shown. */
function sorted(events, kindOf) {
  const seizures = [], others = new Map()
  for (const {start, stop, description, status} of events) {
    if (status != "rejected") {
      const color = dye(kindOf(description))
      const list = isSeizure(description) ? seizures : others.get(color) ?? []
      list.push([start, stop])
      if (list != seizures) {
        others.set(color, list)
      }
    }
  }
  return {seizures, others: [...others].map(([color, spans]) => ({color, spans}))}
}

/** Of which channels the band is: that of the chosen trace where it is one, else all EEG met so far. */
function channelsOf({state, scene}) {
  let eeg = [], of = ""
  return (overview) => {
    const {page} = scene.now
    const now = `${state.now.patient}/${state.now.study}`
    eeg = of == now ? eeg : []
    of = now
    const traces = page?.traces ?? []
    const chosen = traces.find(({label}) => label == state.now.selected)
    if (chosen?.rows.length == 1) {
      return {rows: chosen.rows, words: overview?.channels[chosen.rows[0]]?.label ?? chosen.label}
    }
    eeg = [...new Set([...eeg, ...traces.filter(({kind}) => kind == "eeg").flatMap(({rows}) => rows)])].sort((a, b) => a - b)
    return {rows: eeg, words: eeg.length == 1 ? "1 EEG channel" : `median of ${eeg.length} EEG`}
  }
}
