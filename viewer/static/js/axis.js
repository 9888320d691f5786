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

/** " until Mon 2 Mar 17:00:00", when the page ends between two recordings. */
function until({start, stop}, {recordings, clock}) {
  const inside = recordings.some(({offset, duration}) => offset < stop - 1e-6 && offset + duration > stop - 1e-6)
  const next = Math.min(...recordings.map(({offset}) => offset).filter((offset) => offset >= stop - 1e-6))
  if (inside || next == Infinity) {
    return ""
  }
  const day = clock.date(start) == clock.date(next) ? "" : `${clock.weekday(next)} `
  return ` until ${day}${clock.text(next)}`
}

/** Says of a gap that it is one, and of a hole between recordings until when it lasts. */
export function gaps({scene}) {
  const over = make("div", {class: "gaps"})
  place("over").append(over)
  const show = () => {
    const {page, study} = scene.now
    const {left, right} = page == null ? {left: [], right: []} : gapsOf(page, study)
    const length = page == null ? 1 : page.stop - page.start
    over.replaceChildren(...left.map((from, k) => {
      const words = page.start + from >= study.duration - 1e-6 ? "end of the recording"
        : page.start + right[k] >= page.stop - 1e-6 ? `no samples${until(page, study)}` : "no samples"
      const style = `left:${(100 * from) / length}%;width:${(100 * (right[k] - from)) / length}%`
      return make("span", {style}, words)
    }))
  }
  scene.on(["page", "study"], show)
}
