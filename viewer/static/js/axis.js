// Along the time axis: clock and elapsed times below, words over what holds no samples.

import {make, place} from "./dom.js"
import {gapsOf} from "./draw.js"
import {elapsed, ticks} from "./times.js"

const TICK = 66 // [px] for a clock time

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

/** Says of a gap that it is one. */
export function gaps({scene}) {
  const over = make("div", {class: "gaps"})
  place("over").append(over)
  const show = () => {
    const {page, study} = scene.now
    const {left, right} = page == null ? {left: [], right: []} : gapsOf(page, study)
    const length = page == null ? 1 : page.stop - page.start
    over.replaceChildren(...left.map((from, k) => {
      const words = page.start + from >= study.duration - 1e-6 ? "end of the recording" : "no samples"
      const style = `left:${(100 * from) / length}%;width:${(100 * (right[k] - from)) / length}%`
      return make("span", {style}, words)
    }))
  }
  scene.on(["page", "study"], show)
}
