// The bar: montage, filters, sensitivity, time base, moving.

import {button, choice, choose, make, offer, place} from "./dom.js"
import {made, offered} from "./filters.js"
import {icon} from "./icons.js"
import {MONTAGES} from "./montages.js"
import {SENSITIVITIES, stepped} from "./scale.js"
import {seek} from "./times.js"
import {DURATIONS, atPaperSpeed} from "./turn.js"

export function bar(viewer) {
  const {state, scene, moves, keys} = viewer
  const lists = offered(viewer.offers), words = made(viewer.offers.order)
  const set = (name, convert = (value) => value) => (value) => state.set({[name]: convert(value)})

  const montage = choice("montage", "Montage (1-4)", MONTAGES, set("montage"))
  const lff = choice("lff", words.lff, lists.lff, set("lff"))
  const hff = choice("hff", words.hff, lists.hff, set("hff"))
  const notch = choice("notch", `${words.notch} (n)`, lists.notch, set("notch"))
  const phase = choice("phase", "Zero-phase: forwards and backwards, nothing is delayed. Single-pass: "
    + "forwards only, as analog machines did", [["zero", "Zero-phase"], ["single", "Single-pass"]], set("phase"))
  const sensitivity = choice("sensitivity", "Sensitivity (↑ ↓)",
    SENSITIVITIES.map((value) => [String(value), `${value} µV/mm`]), set("sensitivity", Number))
  const duration = choice("duration", "Length of the page (+ −)",
    [...DURATIONS.map((value) => [String(value), `${value} s`]), ["paper", "30 mm/s"]],
    (value) => (value == "paper" ? paper() : moves.last(Number(value))))
  const go = make("input", {name: "seek", type: "text", placeholder: "go to 22:30:10", autocomplete: "off",
    spellcheck: "false", "aria-label": "Go to a clock time, or to seconds from the start (g)",
    title: "Clock time 22:30:10, 2076-11-06 22:30, seconds 2996, or +0:49:56 from the start (g)"})
  go.addEventListener("keydown", (event) => {
    if (event.key == "Enter" && go.value.trim() != "") {
      sought(go.value)
      go.value = ""
      go.blur()
    } else if (event.key == "Escape") {
      go.value = ""
      go.blur()
    }
  })
  const move = (name, title) => button(name, icon(name), title, () => moves.by(name))

  place("bar").prepend(
    group(montage), group(lff, hff, notch, phase), group(sensitivity, duration),
    group(move("home", "To the beginning (Home)"), move("previous", "A page back (PageUp)"),
      move("next", "A page on (PageDown)"), move("end", "To the end (End)")),
    group(go),
  )

  function paper() {
    moves.last(atPaperSpeed(scene.now.width, state.now.perMm), true)
  }

  function sought(text) {
    const {study} = scene.now
    if (study == null) {
      return
    }
    try {
      moves.to(Math.floor(seek(text, study.clock, state.now.start, study.duration) * 1000) / 1000)
    } catch (error) {
      viewer.tell("hint", error.message)
    }
  }

  const show = () => {
    const {now} = state
    const names = Object.keys(scene.now.montages)
    offer(montage, [...MONTAGES, ...names.map((name) => [name, name])])
    choose(montage, now.montage)
    choose(lff, now.lff)
    choose(hff, now.hff)
    choose(notch, now.notch)
    choose(phase, now.phase)
    choose(sensitivity, String(now.sensitivity), `${now.sensitivity} µV/mm`)
    choose(duration, now.paper ? "paper" : String(now.duration), `${now.duration} s`)
  }
  state.on(["montage", "lff", "hff", "notch", "phase", "sensitivity", "duration", "paper"], show)
  scene.on(["montages"], show)
  const measured = () => state.now.paper && paper()
  scene.on(["width"], measured)
  state.on(["perMm"], measured)
  show()

  const step = (by) => () => state.set({sensitivity: stepped(SENSITIVITIES, state.now.sensitivity, by)})
  const length = (by) => () => moves.last(stepped(DURATIONS, state.now.duration, by))
  const other = (name, values) => () =>
    state.set({[name]: values[(values.indexOf(state.now[name]) + 1) % values.length]})
  keys.add(
    ...MONTAGES.map(([name, words], k) => ({keys: [String(k + 1)], words, group: "Montage",
      run: () => state.set({montage: name})})),
    {keys: ["ArrowUp"], words: "More sensitive (fewer µV/mm)", group: "Picture", run: step(-1)},
    {keys: ["ArrowDown"], words: "Less sensitive", group: "Picture", run: step(1)},
    {keys: ["+", "="], words: "A shorter page", group: "Picture", run: length(-1)},
    {keys: ["-"], words: "A longer page", group: "Picture", run: length(1)},
    {keys: ["n"], words: "Notch: off, 50, 60 Hz", group: "Filters", run: other("notch", ["off", ...viewer.offers.notch])},
    {keys: ["z"], words: "Zero-phase or single-pass", group: "Filters", run: other("phase", ["zero", "single"])},
    {keys: ["i"], words: "Negative up or positive up", group: "Picture",
      run: () => state.set({negativeUp: !state.now.negativeUp})},
    {keys: ["g"], words: "Go to a time", group: "Moving", run: () => go.focus()},
  )
}

const group = (...children) => make("div", {class: "group"}, ...children)
