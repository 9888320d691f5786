// Keys, wheel, slider and auto-play: hands that turn pages.

import {button, choice, make, place} from "./dom.js"
import {icon} from "./icons.js"
import {lastStart} from "./turn.js"

const SPEEDS = [0.5, 1, 2, 5, 10] // 1 is as fast as life
const TICK = 250 // [ms]

export function moving(viewer) {
  const {state, scene, moves, keys, turning, trail} = viewer

  // A key held down turns pages as fast as they can be drawn, and no faster.
  const by = (move) => (event) => {
    if (!event.repeat || turning.settled) {
      moves.by(move)
    }
  }
  const key = (name, words, move) => ({keys: [name], words, group: "Moving", repeats: true, run: by(move)})
  keys.add(
    key("PageDown", "A page on (hold to run)", "next"),
    key("PageUp", "A page back", "previous"),
    key("ArrowRight", "A second on", "later"),
    key("ArrowLeft", "A second back", "earlier"),
    key("Shift+ArrowRight", "A tenth of a page on", "onward"),
    key("Shift+ArrowLeft", "A tenth of a page back", "backward"),
    key("Home", "To the beginning", "home"),
    key("End", "To the end", "end"),
    {keys: ["Alt+ArrowLeft"], words: "Back to where you were", group: "Moving", run: () => trail.back()},
    {keys: ["Alt+ArrowRight"], words: "Forward again", group: "Moving", run: () => trail.forward()},
    {keys: ["p"], words: "Play, or stop playing", group: "Moving", run: () => play()},
  )

  place("traces").addEventListener("wheel", (event) => {
    if (event.ctrlKey) {
      return // the browser's zoom
    }
    event.preventDefault()
    const way = Math.abs(event.deltaY) >= Math.abs(event.deltaX) ? event.deltaY : event.deltaX
    if (way != 0 && turning.settled) {
      moves.by(event.shiftKey ? (way > 0 ? "later" : "earlier") : way > 0 ? "onward" : "backward")
    }
  }, {passive: false})

  const slider = make("input", {type: "range", name: "slider", min: "0", step: "1", tabindex: "-1",
    "aria-label": "Where in the study", oninput: () => moves.slide(Number(slider.value))})
  slider.addEventListener("change", () => slider.blur())
  place("slider").append(slider)

  let timer = null
  const speed = choice("speed", "How fast the pages run", SPEEDS.map((one) => [String(one), `×${one}`]),
    (value) => state.set({speed: Number(value)}))
  const playing = button("play", icon("play"), "Play (p)", () => play())
  place("bar").querySelector("[name=end]").parentElement.append(playing, speed)

  /** Time runs on the screen as in life, or faster; the page moves on when the last one is painted. */
  function play() {
    state.set({playing: !state.now.playing})
  }

  let since = 0
  const run = () => {
    const {start, duration, playing} = state.now
    if (!playing) {
      return
    }
    const now = performance.now()
    const seconds = Math.round(((now - since) / 1000) * state.now.speed * 10) / 10
    if (turning.settled && seconds > 0) {
      since = now
      const end = lastStart(duration, scene.now.study.duration)
      moves.slide(Math.min(start + seconds, end))
      if (state.now.start >= end) {
        state.set({playing: false})
      }
    }
  }
  state.on(["playing"], (now) => {
    clearInterval(timer)
    since = performance.now()
    timer = now.playing ? setInterval(run, TICK) : null
  })

  const show = () => {
    const {start, duration} = state.now
    slider.max = String(lastStart(duration, scene.now.study?.duration ?? 0))
    slider.value = String(start)
    playing.replaceChildren(icon(state.now.playing ? "pause" : "play"))
    playing.setAttribute("aria-pressed", state.now.playing)
    speed.value = String(state.now.speed)
  }
  state.on(["start", "duration", "playing", "speed"], show)
  scene.on(["study"], show)
  show()
}
