// Part of a page put in its place.

import {number} from "./frame.js"
import {union} from "./spans.js"
import {before} from "./stack.js"

/**
 * A page with part of it anew; null where the two are not of the same traces.
 *
 * Values that lie where there were others are put in their place, in the arrays that are there.
 */
export function spliced(page, part) {
  const alike = (trace, k) => ["label", "sfreq", "per_column"].every((name) => trace[name] == part.traces[k]?.[name])
  const recordings = together([...page.recordings, ...part.recordings])
  if (part.traces.length != page.traces.length || !page.traces.every(alike) || recordings == null) {
    return null
  }
  const {start, stop} = part
  const traces = page.traces.map((trace, k) => {
    const clips = trace.clips.filter(([from, to]) => to <= start || from >= stop)
    return {...trace, ...pointsOf(trace, part.traces[k], start - page.start, stop - page.start),
      clips: [...clips, ...part.traces[k].clips].sort((a, b) => a[0] - b[0])}
  })
  return {...page, traces, recordings, spans: union([...page.spans, ...part.spans]), suspects: part.suspects,
    renewed: {of: page, from: start - page.start, to: stop - page.start}}
}

/** Stretches of recordings, one of each; null where they lie over each other. */
function together(stretches) {
  const found = new Map()
  for (const {recording_id, start, stop} of stretches) {
    const {start: from = start, stop: to = stop} = found.get(recording_id) ?? {}
    found.set(recording_id, {recording_id, start: Math.min(start, from), stop: Math.max(stop, to)})
  }
  const ordered = [...found.values()].sort((a, b) => a.start - b.start)
  return ordered.every(({start}, k) => k == 0 || start >= ordered[k - 1].stop) ? ordered : null
}

/** The points of a trace, those between two times [s] of the page from another. */
function pointsOf(trace, part, from, to) {
  const apart = 1 / number(trace.sfreq)
  const first = before(trace.x, from - apart / 4), last = before(trace.x, to - apart / 4)
  const x = part.x.map((at) => at + from)
  const same = (k) => Math.abs(trace.x[first + k] - x[k]) < apart / 4
  if (last - first == x.length && (x.length == 0 || (same(0) && same(x.length - 1)))) {
    trace.values.set(part.values, first)
    return {x: trace.x, values: trace.values}
  }
  const xs = [], values = []
  for (const [ats, of] of [
    [trace.x.subarray(0, first), trace.values.subarray(0, first)], [x, part.values],
    [trace.x.subarray(last), trace.values.subarray(last)],
  ]) {
    if (xs.length > 0 && ats.length > 0 && ats[0] - xs.at(-1) > 1.5 * apart) {
      xs.push((xs.at(-1) + ats[0]) / 2) // a line is broken where one recording ends
      values.push(NaN)
    }
    xs.push(...ats)
    values.push(...of)
  }
  return {x: Float32Array.from(xs), values: Float32Array.from(values)}
}
