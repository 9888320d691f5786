// Labels left of the traces: whose line it is, its own scale, and which channels are bad.

import {make, place} from "./dom.js"
import {colorOf} from "./palette.js"
import {labelled, noiseOf} from "./stack.js"

const HIGH = 26 // [px]; in rows of that height a label may have two lines

/** A label for each row; a click marks its channel as bad, with Shift it hides the trace. */
export function labels(viewer) {
  const {state, scene, models} = viewer
  const column = place("labels")
  const ask = which(viewer)

  const one = ({trace, centre}, own, visible, high) => {
    const bad = trace.rows.some((row) => state.now.bad.includes(row))
    const noise = noiseOf(trace)
    const title = [trace.label, own, noise && `${noise} the noise of one channel`,
      bad ? "bad (click: good again)" : "click: bad channel", "Shift+click: hide"]
    return make("button", {
      type: "button", title: title.filter(Boolean).join(" · "), class: [bad && "bad", high && "high"].filter(Boolean).join(" "), "data-label": trace.label,
      style: `top:${centre}px;color:${colorOf(trace, state.now.theme)}` + (visible ? "" : ";visibility:hidden"),
      onclick: (event) => (event.shiftKey ? hide(trace) : mark(trace)),
    }, make("span", {class: "name"}, trace.label), own ? make("i", {}, own) : null, noise ? make("i", {}, noise) : null)
  }
  const hide = (trace) => state.set({hidden: [...state.now.hidden, trace.name]})
  const mark = (trace) => {
    const {bad} = state.now
    const some = trace.rows.filter((row) => bad.includes(row))
    if (some.length) {
      state.set({bad: bad.filter((row) => !some.includes(row))})
      return
    }
    const rows = rowsMeant(trace, scene.now.study.channels)
    if (rows.length == 1) {
      toggleBad(state, rows[0])
    } else {
      ask(rows)
    }
  }

  let before = ""
  const show = () => {
    const {layout} = scene.now
    if (layout == null) {
      column.replaceChildren()
      return
    }
    const {own} = models.traces.data
    const key = JSON.stringify([state.now.theme, state.now.bad, own,
      layout.rows.map(({trace, centre}) => [trace.label, trace.rows, centre, trace.noise])])
    if (key != before) {
      before = key
      const {size, visible} = labelled(layout)
      column.style.fontSize = `${size}px`
      column.replaceChildren(...layout.rows.map((row, k) => one(row, own[k], visible[k], layout.rowHeight > HIGH)))
    }
  }
  scene.on(["drawn"], show)
}

/** Mark a channel as bad, or as good again. */
export function toggleBad(state, row) {
  const {bad} = state.now
  state.set({bad: bad.includes(row) ? bad.filter((one) => one != row) : [...bad, row].sort((a, b) => a - b)})
}

/** The channels that somebody may mean who points at a trace: those that carry its electrodes. */
export function rowsMeant(trace, channels) {
  if (trace.rows.length == 1) {
    return trace.rows
  }
  const words = (label) => label.toUpperCase().split(/[^A-Z0-9']+/)
  const electrodes = words(trace.label)
  const named = trace.rows.filter((row) => words(channels[row]?.label ?? "").some((word) => electrodes.includes(word)))
  return named.length ? named : trace.rows
}

/** Asks which of several channels is bad. */
function which({state, scene}) {
  const box = make("dialog", {"aria-label": "Which channel is bad?"})
  place("dialogs").append(box)
  return (rows) => {
    box.replaceChildren(make("h2", {}, "Which channel is bad?"), make("form", {method: "dialog", class: "which"},
      ...rows.map((row) => make("button", {onclick: () => toggleBad(state, row)}, scene.now.study.channels[row]?.label ?? `row ${row}`)),
      make("button", {}, "None")))
    box.showModal()
  }
}
