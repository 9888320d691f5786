// The time axis below the page: which part of the study it shows, and where clock times stand.

import {elapsed, shownAt} from "./times.js"

const HOUR = 3600, DAY = 86400 // [s]
const STEPS = [1, 5, 10, 30, 60, 300, 600, 1800, 3600, 7200, 10800, 21600, 43200, DAY, 2 * DAY, 7 * DAY]
const NEAREST = 60 // [s], the shortest part
const CLOSE = 0.6 // [step] between two times, of which the second is left out; a short day has 23/24

/** From when to when [s of the study]: a stretch that somebody chose, null for all. */
export function partOf(stretch, extent) {
  const length = Math.max(extent, 1)
  if (stretch == null || stretch[1] - stretch[0] >= length) {
    return [0, length]
  }
  const from = Math.min(Math.max(stretch[0], 0), length - (stretch[1] - stretch[0]))
  return [from, from + stretch[1] - stretch[0]]
}

/** The stretch after zooming by a factor (below 1: nearer) about a second; null for all. */
export function zoomed([from, to], factor, about, extent) {
  const length = Math.max((to - from) * factor, NEAREST)
  if (length >= extent) {
    return null
  }
  return partOf([about - ((about - from) / (to - from)) * length, about + ((to - about) / (to - from)) * length], extent)
}

/** The part, moved no further than it takes to hold start <= t < stop. */
export function holding([from, to], start, stop, extent) {
  const shift = start < from ? start - from : stop > to ? Math.min(stop - to, start - from) : 0
  return partOf([from + shift, to + shift], extent)
}

/**
 * Where a clock time is written: [{at, words, day}], at least `each` [px] apart.
 *
 * They are round on the clock on the wall, or from the start where there is none; `day` says
 * that a day begins. An hour that the clock shows twice has them twice.
 */
export function clockTicks(clock, [from, to], width, each) {
  const step = STEPS.find((one) => ((to - from) / one) * each <= width) ?? STEPS.at(-1)
  const written = (text) => (step < 60 ? text : text.slice(0, -3))
  const found = []
  if (!clock.known) {
    for (let at = Math.ceil(from / step) * step; at < to; at += step) {
      found.push({at, words: written(elapsed(at)), day: false})
    }
    return found
  }
  const start = clock.at(0).getTime() / 1000
  const changes = clock.zone == null ? [0] : [-HOUR, 0, HOUR]
  const ends = [from, to].map((at) => clock.at(at).getTime() / 1000)
  const last = Math.max(...ends) + Math.max(...changes)
  const times = new Set()
  for (let shown = Math.ceil((Math.min(...ends) - Math.max(...changes)) / step) * step; shown <= last; shown += step) {
    changes.forEach((change) => times.add(shownAt(clock, shown - start + change, shown * 1000)))
  }
  for (const at of [...times].filter((one) => one != null && one >= from && one < to).sort((a, b) => a - b)) {
    if (found.length == 0 || at - found.at(-1).at > CLOSE * step) {
      const day = Math.round(clock.at(at).getTime() / 1000) % DAY == 0
      found.push({at, words: day ? clock.weekday(at) : written(clock.text(at)), day})
    }
  }
  return found
}

/** The whole pixels that spans, by start, cover on a line: [[left, right], ...], none narrower than `least`. */
export function marksOf(spans, [from, to], width, least) {
  const scale = width / (to - from)
  const found = []
  for (const [start, stop] of spans) {
    if (stop < from || start > to) {
      continue
    }
    const edges = [Math.max(start, from), Math.min(stop, to)].map((at) => (at - from) * scale)
    const missing = Math.max(least - (edges[1] - edges[0]), 0)
    const left = Math.min(Math.max(Math.round(edges[0] - missing / 2), 0), Math.round(width) - least)
    const right = Math.max(Math.round(edges[1]), left + least)
    const last = found.at(-1)
    if (last != null && left <= last[1]) {
      last[1] = Math.max(last[1], right)
    } else {
      found.push([left, right])
    }
  }
  return found
}
