// The page as a sheet of paper: one SVG with all that the screen says, for PNG, PDF and printer.

import {applied} from "./filters.js"
import {drawn, labelOf, lacking} from "./lacking.js"
import {THEMES, colorOf} from "./palette.js"
import {bar, shown} from "./scale.js"
import {labelled, noiseOf} from "./stack.js"
import {elapsed, ticks} from "./times.js"

const NS = "http://www.w3.org/2000/svg"
const LEFT = 150, TOP = 52, BELOW = 62, RIGHT = 14 // [px] round the traces
const TICK = 66 // [px] for a clock time
const FONT = "system-ui, 'Segoe UI', 'Liberation Sans', sans-serif"

function draw(tag, attributes, text = null) {
  const element = document.createElementNS(NS, tag)
  for (const [name, value] of Object.entries(attributes)) {
    element.setAttribute(name, value)
  }
  if (text != null) {
    element.textContent = text
  }
  return element
}

const write = (x, y, text, more = {}) => draw("text", {x, y, "font-size": 12, fill: "#17324d", ...more}, text)

/** The sheet of what is on the screen, in light colours; null when there is no page. */
export function sheet(viewer) {
  const {state, scene, models} = viewer
  const {page, study, layout, width, height} = scene.now
  if (page == null || layout == null) {
    return null
  }
  const {theme} = state.now
  state.set({theme: "light"})
  const traces = Bokeh.index.find_one(models.figure).export("svg").canvas
  state.set({theme})
  const size = [LEFT + width + RIGHT, TOP + height + BELOW]
  const root = draw("svg", {xmlns: NS, width: size[0], height: size[1], viewBox: `0 0 ${size.join(" ")}`, "font-family": FONT})
  root.append(draw("rect", {width: "100%", height: "100%", fill: THEMES.light.paper}))
  for (const [name, value] of Object.entries({x: LEFT, y: TOP, width, height, viewBox: `0 0 ${width} ${height}`})) {
    traces.setAttribute(name, value)
  }
  root.append(traces, draw("rect", {x: LEFT, y: TOP, width, height, fill: "none", stroke: "#c3ccd5"}))
  root.append(...heads(viewer, size[0]), ...names(layout, models, state), ...times(page, study, width, TOP + height),
    ...foot(viewer, TOP + height))
  return root
}

function heads({state, scene}, width) {
  const {identity, study, page} = scene.now
  const {start} = page
  const {duration, patient, montage} = state.now
  const recording = study.recordings.findLast(({offset}) => offset <= start)?.recording_id
  const who = [identity?.name, identity?.birth_date && `* ${identity.birth_date}`, patient, recording]
  const when = study.clock.known ? `${study.clock.date(start)} ${study.clock.text(start)} ${study.clock.zone ?? "local time"}` : "no clock time"
  return [
    write(14, 20, who.filter(Boolean).join("  ·  "), {"font-size": 15, "font-weight": 600}),
    write(width - RIGHT, 20, `${when}  ·  ${elapsed(start)} of ${elapsed(study.duration)}`, {"font-size": 14, "text-anchor": "end"}),
    write(14, 40, `Montage: ${montage}  ·  ${duration} s  ·  ${summary({state, scene})}`),
  ]
}

const summary = ({state}) => `${shown(state.now.sensitivity)} µV/mm on the screen  ·  EEG ${state.now.negativeUp ? "negative" : "positive"} up`

function names(layout, models, state) {
  const {size, visible} = labelled(layout)
  return layout.rows.map(({trace, centre}, k) => visible[k] &&
    write(LEFT - 8, TOP + centre + size / 3, [trace.label, models.traces.data.own[k], noiseOf(trace)].filter(Boolean).join("  "), {
      "font-size": Math.min(size, 12), "text-anchor": "end", fill: colorOf(trace, "light"),
      "text-decoration": trace.rows.some((row) => state.now.bad.includes(row)) ? "line-through" : "none",
    })).filter(Boolean)
}

function times(page, study, width, bottom) {
  const length = page.stop - page.start
  return ticks(page.start, length, width, TICK).flatMap((at) => {
    const x = LEFT + (width * (at - page.start)) / length
    const middle = {"text-anchor": x < LEFT + 30 ? "start" : "middle", "font-size": 11}
    return [write(x, bottom + 14, study.clock.text(at), middle),
      study.clock.known ? write(x, bottom + 27, elapsed(at), {...middle, "font-size": 10, fill: "#6a7885"}) : null]
  }).filter(Boolean)
}

function foot({state, scene, offers}, bottom) {
  const {page, study} = scene.now
  const {bad, hidden} = state.now
  const {value, height} = bar(state.now.sensitivity, state.now.perMm, 22)
  const how = [applied(page, page.asked, offers.order), drawn(page)]
  const without = [bad.length && `bad: ${bad.map((row) => labelOf(study, row)).join(", ")}`,
    hidden.length && `hidden: ${hidden.join(", ")}`, lacking(page), ...page.suspects]
  const line = (at, words) => write(LEFT, bottom + at, words.filter(Boolean).join("  ·  "))
  return [
    draw("path", {d: `M22 ${bottom + 55}h-5v${-height}h5`, fill: "none", stroke: "#17324d", "stroke-width": 1.5}),
    write(28, bottom + 50, `${value} µV`, {"font-weight": 600}), line(43, how), line(58, without),
  ]
}
