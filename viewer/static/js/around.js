// Around the traces: labels at the left, times below, what was done to the samples at the foot.

import {make, place} from "./dom.js"
import {applied} from "./filters.js"
import {colorOf} from "./palette.js"
import {bar, shown} from "./scale.js"
import {labelSize} from "./stack.js"
import {elapsed, ticks} from "./times.js"

const TICK = 66 // [px] for a clock time

/** A label for each row; a click marks its channel as bad, with Shift it hides the trace. */
export function labels({state, scene, models}) {
  const column = place("labels")
  const show = () => {
    const {layout, page} = scene.now
    if (page == null || layout == null) {
      column.replaceChildren()
      return
    }
    const {size, every} = labelSize(layout.rowHeight)
    const {own} = models.traces.data
    column.style.fontSize = `${size}px`
    column.replaceChildren(...layout.rows.map(({trace, centre}, k) => {
      const bad = trace.rows.some((row) => state.now.bad.includes(row))
      const noise = trace.noise > 1.005 ? `×${shown(trace.noise)}` : ""
      const title = [
        trace.label, own[k], noise && `noise ${noise} that of one channel`,
        bad ? "bad; click: good again" : "click: bad channel", "Shift+click: hide",
      ].filter(Boolean).join(" · ")
      return make("button", {
        type: "button", title, class: bad ? "bad" : null, "data-label": trace.label,
        style: `top:${centre}px;color:${colorOf(trace, state.now.theme)};` + (k % every ? "visibility:hidden" : ""),
        onclick: (event) => (event.shiftKey ? hide(trace) : mark(trace)),
      }, make("span", {class: "name"}, trace.label), own[k] && make("i", {}, own[k]), noise && make("i", {}, noise))
    }))
  }
  const hide = (trace) => state.set({hidden: [...state.now.hidden, trace.label]})
  const mark = (trace) => {
    const {bad} = state.now
    const some = trace.rows.some((row) => bad.includes(row))
    state.set({bad: some ? bad.filter((row) => !trace.rows.includes(row))
      : [...bad, ...trace.rows].sort((a, b) => a - b)})
  }
  let before = ""
  scene.on(["layout"], () => {
    const {layout} = scene.now
    const {own} = models.traces.data
    const key = JSON.stringify([state.now.theme, state.now.bad, own,
      layout?.rows.map(({trace, centre}) => [trace.label, trace.rows, centre, trace.noise])])
    if (key != before) {
      before = key
      show()
    }
  })
}

/** Clock times below the page, and the time from the start below these. */
export function times({scene}) {
  const line = place("ticks")
  const show = () => {
    const {page, study, width} = scene.now
    if (page == null || study == null) {
      line.replaceChildren()
      return
    }
    const length = page.stop - page.start
    line.replaceChildren(...ticks(page.start, length, width, TICK).map((at) =>
      make("span", {style: `left:${((at - page.start) / length) * 100}%`}, study.clock.text(at),
        study.clock.known ? make("i", {}, elapsed(at)) : null)))
  }
  scene.on(["page", "study", "width"], show)
}

/** The foot: scale bar, filters as applied, whether samples were reduced, what is missing. */
export function foot({state, scene, offers}) {
  const line = place("foot")
  const show = () => {
    const {page} = scene.now
    if (page == null) {
      line.replaceChildren()
      return
    }
    const {sensitivity, perMm, negativeUp, phase, clip} = state.now
    const {value, height} = bar(sensitivity, perMm, 22)
    const most = Math.max(1, ...page.blocks.map((block) => block.per_column))
    const parts = [
      make("span", {class: "bar", style: `height:${height}px`}), make("b", {}, `${value} µV`),
      make("span", {}, `${shown(sensitivity)} µV/mm`),
      make("span", {}, negativeUp ? "EEG negative up" : "EEG positive up"),
      make("span", {class: "cut"}, applied(page, phase, offers.order)),
    ]
    if (page.unavailable.length) {
      parts.push(make("span", {class: "warning cut", title: page.unavailable.map(reason).join("\n")},
        `not shown: ${page.unavailable.map(({label}) => label).join(", ")}`))
    }
    if (page.suspects.length) {
      parts.push(make("span", {class: "warning cut", title: page.suspects.join("\n")}, `⚠ ${page.suspects[0]}`))
    }
    if (state.now.hidden.length) {
      parts.push(make("span", {class: "warning", title: state.now.hidden.join(", ")}, `${state.now.hidden.length} hidden`))
    }
    if (clip) {
      parts.push(make("span", {class: "warning"}, "cut off at ±1.5 rows"))
    }
    parts.push(make("span", {class: most > 1 ? "right reduced" : "right", title: most > 1
      ? `Of every ${most} samples the smallest and the largest are drawn` : ""},
      most > 1 ? `÷${most}, peaks kept` : "every sample drawn"))
    line.replaceChildren(...parts)
  }
  state.on(["sensitivity", "perMm", "negativeUp", "clip", "hidden"], show)
  scene.on(["page"], show)
}

const reason = ({label, reason}) => `${label}: ${reason}`
