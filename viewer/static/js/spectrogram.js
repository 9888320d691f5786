// The spectrogram of the chosen trace, on the page's own time axis; asked for when that is painted.

import {Away} from "./api.js"
import {colorbar} from "./colorbar.js"
import {button, choice, choose, make, offer, place} from "./dom.js"
import {dyes, picture, rangeOf} from "./heat.js"
import {icon} from "./icons.js"
import {color, hatching, onceAFrame, paper} from "./paper.js"
import {chosenOf} from "./selection.js"
import {spectrogramOf} from "./spectra.js"

const HIGHEST = 70.5 // [Hz], upper edge of the row of 70 Hz
const LOWEST = -0.5
const AFTER = 60 // [ms] on the same page: not while pages run
const KEPT = 20
const USUAL = [-15, 35] // [dB re 1 uV^2/Hz]
const LINES = [10, 30, 50, 70] // [Hz]

export function spectrogram(viewer) {
  const {state, scene, api, offers, keys} = viewer
  state.add({spectrogram: false, range: null})
  scene.add({spectrogram: null})
  const colors = dyes(offers.palette)
  const kept = new Map() // query -> spectrogram
  let control = null, timer = null

  const trace = choice("trace", "Trace of the spectrogram (Shift+↑ ↓)", [], (label) => state.set({selected: label}))
  const bar = colorbar(offers.palette, "Power density. Click: colours that fit this page, or the usual ones", () => fit())
  const canvas = make("canvas", {role: "img", "aria-label": "Spectrogram of the chosen trace"})
  const box = place("spectrogram")
  box.append(
    make("div", {class: "axis"}, trace, bar.element,
      ...LINES.map((at) => make("i", {class: "hz", style: `top:${100 * (1 - (at - LOWEST) / (HIGHEST - LOWEST))}%`}, at == 70 ? "70 Hz" : at))),
    make("div", {class: "field"}, canvas))

  /** The query of what belongs to the page, and what of it says how it is looked at. */
  const wish = () => {
    const {page, width} = scene.now
    const chosen = chosenOf(page, state.now.selected)
    if (!state.now.spectrogram || chosen == null) {
      return {query: null, how: null}
    }
    const query = new URLSearchParams(page.query)
    query.set("trace", chosen.label)
    query.set("px", String(Math.round(width)))
    const how = new URLSearchParams(query)
    for (const name of ["start", "end", "px"]) {
      how.delete(name)
    }
    return {query: query.toString(), how: how.toString()}
  }

  const look = () => {
    clearTimeout(timer)
    control?.abort()
    control = null
    const {query, how} = wish()
    if (kept.has(query)) {
      shown(kept.get(query))
    } else if (query != null && scene.now.painted == scene.now.page) {
      timer = setTimeout(() => void ask(query, how), AFTER)
    }
  }

  const ask = async (query, how) => {
    const own = (control = new AbortController())
    try {
      const {buffer, sealed} = await api.bytes("/spectrogram", query, own.signal)
      const found = {...spectrogramOf(buffer), how}
      if (sealed) {
        kept.set(query, found)
        if (kept.size > KEPT) {
          kept.delete(kept.keys().next().value)
        }
      }
      shown(found)
    } catch (error) {
      if (!own.signal.aborted) {
        shown(error instanceof Away ? null : {words: error.message, how})
      }
    }
  }
  const shown = (found) => {
    scene.set({spectrogram: found})
    draw()
  }

  const range = () => {
    const {spectrogram: found} = scene.now
    return state.now.range ?? (found?.unit == "uV" || found?.codes == null ? USUAL : rangeOf(found)) ?? USUAL
  }
  const fit = () => {
    const {spectrogram: found} = scene.now
    state.set({range: state.now.range == null && found?.codes != null ? rangeOf(found) : null})
  }

  const draw = onceAFrame(() => {
    const sheet = state.now.spectrogram ? paper(canvas) : null
    if (sheet == null) {
      return
    }
    const {spectrogram: found, page} = scene.now
    const [low, high] = range()
    bar.show([low, high], found?.unit ?? "uV")
    const {context, width, height} = sheet
    if (found == null || page == null || found.how != wish().how) {
      return // what is there is of another trace, or looked at in another way
    }
    context.fillStyle = hatching(context, color("--line"))
    context.fillRect(0, 0, width, height)
    if (!found.columns) {
      context.fillStyle = color("--text")
      context.fillText(found.words ?? "no samples", 8, height / 2)
      return
    }
    const scale = width / (page.stop - page.start)
    const tall = height / (HIGHEST - LOWEST)
    context.imageSmoothingEnabled = false
    context.drawImage(picture(found, colors, [low, high]), (found.start - page.start) * scale,
      height - (found.frequency * (found.rows - 0.5) - LOWEST) * tall,
      found.columns * found.step * scale, found.rows * found.frequency * tall)
  })

  const toggle = () => state.set({spectrogram: !state.now.spectrogram})
  const sign = button("spectrogram", icon("spectrogram"), "Spectrogram of a trace (6)", toggle)
  place("bar").querySelector(".below").append(sign)
  const dress = () => {
    box.hidden = !state.now.spectrogram
    sign.setAttribute("aria-pressed", state.now.spectrogram)
  }
  const list = () => {
    const {page} = scene.now
    if (state.now.spectrogram && page != null) {
      offer(trace, page.traces.map(({label}) => [label, label]))
      choose(trace, chosenOf(page, state.now.selected)?.label ?? "")
    }
  }
  state.on(["spectrogram"], dress)
  state.on(["spectrogram", "selected"], list)
  scene.on(["page"], list)
  scene.on(["painted", "width"], look)
  scene.on(["page", "width"], draw)
  state.on(["spectrogram", "selected"], look)
  state.on(["spectrogram", "selected", "theme", "range"], draw)
  dress()
  keys.add({keys: ["6"], words: "Spectrogram of a trace", group: "Study", run: toggle})
}
