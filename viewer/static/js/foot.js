// The foot of the page: scale bar, filters as applied, what is missing, what was reduced.

import {make, place} from "./dom.js"
import {applied} from "./filters.js"
import {toggleBad} from "./labels.js"
import {drawn, labelOf, lacking, reduction} from "./lacking.js"
import {bar, shown} from "./scale.js"
import {CLIPPED} from "./stack.js"

const HIGHEST = 22 // [px], of the scale bar

export function foot({state, scene, offers}) {
  const line = place("foot")

  const scale = () => {
    const {sensitivity, perMm, negativeUp} = state.now
    const {value, height} = bar(sensitivity, perMm, HIGHEST)
    return [make("span", {class: "bar", style: `height:${height}px`}), make("b", {}, `${value} µV`),
      make("span", {}, `${shown(sensitivity)} µV/mm`), make("span", {}, `EEG ${negativeUp ? "negative" : "positive"} up`)]
  }

  const warnings = ({unavailable, suspects}) => {
    const {hidden, clip} = state.now
    const warning = (words, title, long = "") => make("span", {class: `warning ${long}`, title}, words)
    return [
      unavailable.length && warning(lacking({unavailable}),
        unavailable.map(({label, reason}) => `${label}: ${reason}`).join("\n"), "cut"),
      suspects.length && warning(`⚠ ${suspects[0]}`, suspects.join("\n"), "cut"),
      hidden.length && warning(`${hidden.length} hidden`, `${hidden.join(", ")}; h shows them again`),
      clip && warning(`cut off at ±${CLIPPED} rows`, "Traces end where they would run into others (o)"),
    ].filter(Boolean)
  }

  const bads = () => state.now.bad.map((row) => {
    const label = labelOf(scene.now.study, row)
    return make("button", {type: "button", class: "bad", title: `${label} is bad; click: good again`,
      onclick: () => toggleBad(state, row)}, `bad: ${label} ✕`)
  })

  const reduced = (page) => {
    const most = page.spans.length == 0 ? 1 : reduction(page)
    return most > 1
      ? make("span", {class: "right reduced", title: `Of every ${most} samples the smallest and the largest are drawn`}, drawn(page))
      : make("span", {class: "right"}, drawn(page))
  }

  const filters = (page) => {
    const words = applied(page, page.asked, offers.order)
    return make("span", {class: "filters cut", title: words}, words)
  }

  const show = () => {
    const {page} = scene.now
    line.replaceChildren(...(page == null ? [] : [
      ...scale(), filters(page), ...bads(),
      ...warnings(page), reduced(page),
    ]))
  }
  state.on(["sensitivity", "perMm", "negativeUp", "clip", "hidden", "bad"], show)
  scene.on(["page"], show)
}
