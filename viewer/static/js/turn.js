// The arithmetic of turning pages. A page is start <= t < start + duration, in study seconds.

export const DURATIONS = [5, 10, 15, 20, 30, 60] // [s]
export const PAPER = 30 // [mm/s]
const LONG = 10 // [page] of a hole that nobody wants to page through

const exact = (second) => Math.round(second * 1000) / 1000

/** Start of the last page of a study that lasts `extent` [s]. */
export function lastStart(duration, extent) {
  return exact(Math.max(0, Math.ceil(extent - duration - 1e-6)))
}

/** A start that the study allows, as near as possible to the one wanted. */
export function within(start, duration, extent) {
  return exact(Math.min(Math.max(0, start), lastStart(duration, extent)))
}

/** The page with a second in its middle. */
export function around(second, duration, extent) {
  return within(Math.round(second - duration / 2), duration, extent)
}

/** The page that shows an onset after a fifth of its length. */
export function before(onset, duration, extent) {
  return within(Math.floor(onset) - Math.floor(duration / 5), duration, extent)
}

/**
 * Start of the page after a move; a move forward never goes back.
 *
 * next, previous: a page; later, earlier: a second; onward, backward: a tenth of a page.
 */
export function moved(start, duration, extent, move) {
  const steps = {
    next: duration, previous: -duration, later: 1, earlier: -1,
    onward: duration / 10, backward: -duration / 10,
  }
  if (move == "home") {
    return 0
  }
  if (move == "end") {
    return lastStart(duration, extent)
  }
  if (!(move in steps)) {
    throw new Error(`move ${move} is not one of home, end, ${Object.keys(steps).join(", ")}`)
  }
  const to = within(start + steps[move], duration, extent)
  return steps[move] > 0 ? Math.max(to, start) : to
}

/**
 * Where it goes on (way 1) or back (-1) from a page in a hole between recordings that is long:
 * the start of the page with the next of them. Null where pages are turned one by one.
 */
export function overHole(start, duration, recordings, way) {
  const spans = recordings.map(({offset, duration: length}) => [offset, offset + length])
  const stop = start + duration
  if (spans.some(([from, to]) => from < stop - 1e-6 && to > start + 1e-6)) {
    return null
  }
  const edge = way > 0 ? Math.min(...spans.map(([from]) => from).filter((from) => from >= stop - 1e-6))
    : Math.max(...spans.map(([, to]) => to).filter((to) => to <= start + 1e-6))
  if (!Number.isFinite(edge) || (way > 0 ? edge - stop : start - edge) <= LONG * duration) {
    return null
  }
  return exact(Math.max(0, way > 0 ? Math.floor(edge) : Math.ceil(edge) - duration))
}

/** Start of the page that holds the end of what grows; it moves half a page at a time. */
export function following(duration, extent) {
  const step = Math.max(1, Math.floor(duration / 2))
  return Math.max(0, Math.ceil((extent - duration) / step)) * step
}

/** How long a page of that width is at paper speed [s], in whole tenths. */
export function atPaperSpeed(width, perMm, speed = PAPER) {
  return Math.max(1, Math.round((10 * width) / perMm / speed)) / 10
}
