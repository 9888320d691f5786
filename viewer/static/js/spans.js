// Sets of times as half-open spans [[start, stop], ...]: ascending, apart, none empty.

/** Any spans, as one set. */
export function union(spans) {
  const joined = []
  for (const [start, stop] of [...spans].sort((a, b) => a[0] - b[0])) {
    const last = joined.at(-1)
    if (start >= stop) {
      continue
    } else if (last != null && start <= last[1]) {
      last[1] = Math.max(last[1], stop)
    } else {
      joined.push([start, stop])
    }
  }
  return joined
}

/** What is in one set and not in the other. */
export function minus(spans, holes) {
  const left = []
  for (let [start, stop] of spans) {
    for (const [from, to] of holes) {
      if (to <= start || from >= stop) {
        continue
      }
      if (from > start) {
        left.push([start, from])
      }
      start = to
    }
    if (start < stop) {
      left.push([start, stop])
    }
  }
  return left
}

/** What of a set lies between two times. */
export const within = (spans, from, to) =>
  spans.map(([start, stop]) => [Math.max(start, from), Math.min(stop, to)]).filter(([start, stop]) => start < stop)

/** A set, later by so much. */
export const later = (spans, by) => spans.map(([start, stop]) => [start + by, stop + by])
