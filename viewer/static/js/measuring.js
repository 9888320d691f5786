// What is selected, in numbers: how long, how high, and its spectrum; and what to make of it.

import {COLORS} from "./classes.js"
import {button, make, place} from "./dom.js"
import {across} from "./glass.js"
import {MONTAGES} from "./montages.js"
import {nameOf as named} from "./address.js"
import {figure} from "./reading.js"
import {plot} from "./spectrum.js"

const PAUSE = 120 // [ms] for a selection that grows by keys
const LOOK = ["montage", "lff", "hff", "notch", "phase", "bad"]

export function measuring(viewer) {
  const {state, scene, keys, link} = viewer
  state.add({spectrum: false})
  scene.add({reading: null}) // {low, high, mean, rms, n_samples, unit, spectrum}, or {error}
  const panel = make("div", {class: "panel", hidden: true})
  const length = make("b"), numbers = make("div", {class: "numbers", role: "status"})
  const classes = make("div", {class: "classes"}), drawn = make("div", {class: "plot"})
  const toggle = button("spectrum", "Spectrum", "Spectrum of the selection (f)", () => state.set({spectrum: !state.now.spectrum}))
  panel.append(make("div", {class: "line"}, length, toggle,
    button("deselect", "✕", "Select nothing (Esc)", () => scene.set({selection: null}))), numbers, drawn, classes)
  place("over").append(panel)
  panel.addEventListener("wheel", (event) => event.stopPropagation())

  /** Ask for the samples themselves, as they are filtered and derived on the page; none left out. */
  const measure = async () => {
    const {selection, study, montages} = scene.now
    const {now} = state
    const {start, stop, label, number} = selection
    const lines = MONTAGES.some(([name]) => name == now.montage) ? null : montages[now.montage] ?? []
    const look = Object.fromEntries(LOOK.map((name) => [name, now[name]]))
    const reading = await link.ask("measure", {
      patient_id: now.patient, [`${named(study)}_id`]: now.study, start, stop, label, number, ...look, lines,
    }).catch((error) => ({error: error.message}))
    if (scene.now.selection === selection) {
      scene.set({reading})
    }
  }

  let timer = null
  const soon = () => {
    clearTimeout(timer)
    scene.set({reading: null})
    if (scene.now.selection != null && !scene.now.drawing) {
      timer = setTimeout(measure, PAUSE)
    }
  }

  const show = () => {
    const {selection, page, reading, drawing} = scene.now
    panel.hidden = selection == null || page == null || drawing || selection.start >= page.stop || selection.stop <= page.start
    if (panel.hidden) {
      return
    }
    const seconds = selection.stop - selection.start
    length.textContent = `${seconds.toFixed(3)} s · ${figure(1 / seconds)} Hz`
    numbers.replaceChildren(...told(selection.label, reading))
    toggle.setAttribute("aria-pressed", state.now.spectrum)
    drawn.replaceChildren(...(state.now.spectrum && reading?.spectrum ? [plot(reading.spectrum, reading.unit)] : []))
    classes.replaceChildren(...state.now.classes.map((kind) => make("button", {type: "button", name: `class-${kind.name}`,
      title: kind.own ? `${kind.name} on ${selection.label} (${kind.key})` : `${kind.name} on all channels (${kind.key})`,
      style: `border-left-color:${COLORS[kind.color]}`, onclick: () => viewer.makes(kind)}, `${kind.name} `, make("kbd", {}, kind.key))))
    const right = across(page, Math.min(selection.stop, page.stop))
    const left = across(page, Math.max(selection.start, page.start))
    panel.style.left = right < 68 ? `calc(${right}% + 6px)` : ""
    panel.style.right = right < 68 ? "" : `max(6px, calc(${100 - left}% + 6px))`
  }

  scene.on(["selection", "drawing"], soon)
  state.on(LOOK, soon)
  scene.on(["selection", "drawing", "page", "reading"], show)
  state.on(["spectrum", "classes"], show)
  keys.add({keys: ["f"], words: "Spectrum of the selection", group: "Reading", run: () => {
    if (scene.now.selection == null) {
      viewer.tell("hint", "Nothing is selected: drag along a trace")
    } else {
      state.set({spectrum: !state.now.spectrum})
    }
  }})
}

/** Amplitudes of a selection in words. */
function told(label, reading) {
  if (reading == null) {
    return [make("span", {}, label), make("i", {}, "…")]
  }
  if (reading.error) {
    return [make("span", {}, label), make("i", {}, reading.error)]
  }
  const unit = reading.unit == "uV" ? "µV" : reading.unit
  const value = (words, number) => make("span", {}, make("i", {}, words), ` ${figure(number)}`)
  return [make("span", {}, make("b", {}, label), ` ${unit}`), value("min", reading.low), value("max", reading.high),
    value("p-p", reading.high - reading.low), value("mean", reading.mean), value("RMS", reading.rms)]
}
