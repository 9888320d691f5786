// Trends of the whole study: where in the night something is, to be looked at on the traces.

import {Away} from "./api.js"
import {colorbar} from "./colorbar.js"
import {button, choice, choose, make, place} from "./dom.js"
import {dyes} from "./heat.js"
import {icon} from "./icons.js"
import {isOf, keeping} from "./keeping.js"
import {THEMES} from "./palette.js"
import {onceAFrame, paper} from "./paper.js"
import {rail} from "./rail.js"
import {trendsOf} from "./spectra.js"
import {paintAmplitude, paintSpectra, topOf} from "./trendmap.js"

const EVERY = 10000 // [ms] while the study grows
const RANGE = [-15, 35] // [dB re 1 uV^2/Hz]
const EDGES = [3.5, 13.5, 30.5] // [Hz], written beside the spectra
const GROUPS = {sides: ["left", "right"], all: ["all"]}
const ABOUT = "Root mean square of 2 to 13 Hz, second by second, as recorded. Band: from the least to the largest " +
  "second of each column; line: the middle one. This is no aEEG."

export function trends(viewer) {
  const {state, scene, api, offers, keys} = viewer
  state.add({trends: false, group: "sides"})
  const look = keeping(viewer, "trends", {kind: () => (state.now.trends ? state.now.group : null), load, every: EVERY})

  async function load({patient_id, study_id}, [start, end], px) {
    const groups = []
    for (const group of GROUPS[state.now.group]) {
      try {
        groups.push(trendsOf((await api.bytes("/trends", {patient_id, study_id, start, end, px, group})).buffer))
      } catch (error) {
        if (error instanceof Away) {
          throw error
        }
        groups.push({group, refused: error.message}) // there are no channels on that side
      }
    }
    return {groups, complete: groups.every(({complete}) => complete !== false)}
  }

  const box = place("trends")
  const group = choice("group", "Trends of which channels", [["sides", "left, right"], ["all", "all EEG"]],
    (value) => state.set({group: value}))
  const bar = colorbar(offers.palette, "Mean power density of each column")
  bar.show(RANGE, "uV")
  const rows = ["left", "right", "all"].map((name) => {
    const canvas = make("canvas", {role: "img", "aria-label": `Spectra of the study, ${name}`})
    const edges = make("span")
    return {name, canvas, edges, parts: [make("div", {class: "axis"}, make("b", {}, name), edges),
      rail(viewer, make("div", {class: "field", "data-group": name}, canvas))]}
  })
  const top = make("i", {class: "hz"})
  const amplitude = make("canvas", {role: "img", "aria-label": ABOUT})
  box.append(...rows.flatMap(({parts}) => parts),
    make("div", {class: "axis", title: ABOUT}, make("span", {class: "about"}, "RMS 2–13 Hz,", make("br"), "as recorded"), top),
    rail(viewer, make("div", {class: "field amplitude"}, amplitude)),
    make("div", {class: "controls"}, group, bar.element))

  const colors = dyes(offers.palette)
  const draw = onceAFrame(() => {
    if (!state.now.trends) {
      return
    }
    const {trends: known, part, study} = scene.now
    const groups = isOf(known, study) ? known.groups ?? [] : []
    for (const {name, canvas, edges} of rows) {
      const sheet = paper(canvas), found = groups.find((one) => one.group == name)
      if (sheet != null && found?.codes != null) {
        paintSpectra(sheet, part, found, colors, RANGE)
        edges.replaceChildren(...EDGES.map((edge) => make("i", {class: "hz",
          style: `top:${100 * (1 - found.edges.indexOf(edge) / found.rows)}%`}, Math.floor(edge))))
      } else if (sheet != null && found != null) {
        sheet.context.fillStyle = THEMES[state.now.theme].ink
        sheet.context.fillText(found.refused, 8, sheet.height / 2)
      }
    }
    const there = groups.filter(({codes}) => codes != null)
    const limit = topOf(there)
    top.textContent = limit == null ? "" : `${limit} µV`
    const sheet = paper(amplitude)
    if (sheet != null && limit != null) {
      const dye = THEMES[state.now.theme]
      there.forEach((one) => paintAmplitude(sheet, part, one, limit, dye[one.group] ?? dye.ink))
    }
  })

  const toggle = () => state.set({trends: !state.now.trends})
  const sign = button("trends", icon("trends"), "Trends of the study (7)", toggle)
  place("bar").querySelector(".below").append(sign)
  const dress = () => {
    box.hidden = !state.now.trends
    sign.setAttribute("aria-pressed", state.now.trends)
    for (const {name, parts} of rows) {
      parts.forEach((part) => (part.hidden = !GROUPS[state.now.group].includes(name)))
    }
    choose(group, state.now.group)
    look()
    draw()
  }
  state.on(["trends", "group"], dress)
  scene.on(["part", "width", "trends", "study"], draw)
  state.on(["theme"], draw)
  dress()
  keys.add({keys: ["7"], words: "Trends of the study", group: "Study", run: toggle})
}
