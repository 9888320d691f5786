// Traces one below the other: which rows there are, and the lines in them.

import {THEMES, colorOf} from "./palette.js"
import {scaleOf, shown} from "./scale.js"

const APART = 0.5 // [row] more between chains, and where another kind begins
const EDGE = 0.7, LEAST_EDGE = 14 // [row], [px] above the first and below the last trace
export const CLIPPED = 1.5 // [row] from its own, where a trace is cut off when that is wished

/**
 * The rows of a page on a field of some height: {trace, index, centre [px from above]}.
 *
 * The traces of a chain (Fp1-F7, F7-T7 ...) stand closer than those of two.
 */
export function rowsOf(traces, hidden, height) {
  const shown = traces
    .map((trace, index) => ({trace, index}))
    .filter(({trace}) => !hidden.includes(trace.name))
  let at = 0
  const places = shown.map(({trace}, k) => {
    at += k == 0 ? 0 : 1 + (apart(shown[k - 1].trace, trace) ? APART : 0)
    return at
  })
  const rowsHigh = at + 2 * EDGE
  const edge = Math.min(Math.max((EDGE / rowsHigh) * height, LEAST_EDGE), height / 2)
  const rowHeight = at == 0 ? height / rowsHigh : (height - 2 * edge) / at
  return {
    rowHeight,
    rows: shown.map(({trace, index}, k) => ({trace, index, centre: edge + places[k] * rowHeight})),
  }
}

function apart(above, trace) {
  if (above.kind != trace.kind) {
    return true
  }
  const chained = (one) => one.rows.length > 0 && one.label.split("-").length == 2
  if (!chained(above) || !chained(trace)) {
    return false
  }
  const [, minus] = above.label.split("-")
  const [plus, reference] = trace.label.split("-")
  return minus != plus && minus != reference
}

/**
 * The columns of the glyph's source, one entry per row.
 *
 * look: {sensitivity, negativeUp, gains, perMm, theme, clip, bad}
 */
export function linesOf({rows, rowHeight}, look) {
  const columns = {xs: [], ys: [], color: [], label: [], unit: [], centre: [], px: [], up: [],
    baseline: [], own: []}
  for (const {trace, centre} of rows) {
    const {up, baseline, px, own} = scaleOf(trace, trace.values, look, rowHeight)
    const bad = trace.rows.some((row) => look.bad.includes(row))
    columns.xs.push(trace.x)
    columns.ys.push(line(trace.values, centre, up * px, baseline, look.clip ? CLIPPED * rowHeight : null))
    columns.color.push(bad ? THEMES[look.theme].bad : colorOf(trace, look.theme))
    columns.label.push(trace.label)
    columns.unit.push(trace.unit)
    columns.centre.push(centre)
    columns.px.push(px)
    columns.up.push(up)
    columns.baseline.push(baseline)
    columns.own.push(own)
  }
  return columns
}

/**
 * Bring the columns up to date, in place, where values have changed between two times [s] of the
 * page; whether every row is said to have the scale that it had.
 */
export function renewed(columns, {rows, rowHeight}, look, from, to) {
  const reach = look.clip ? CLIPPED * rowHeight : null
  let same = true
  rows.forEach(({trace, centre}, k) => {
    const {up, baseline, px, own} = scaleOf(trace, trace.values, look, rowHeight)
    const kept = columns.px[k] == px && columns.baseline[k] == baseline && columns.xs[k] === trace.x
    const [first, stop] = kept ? [before(trace.x, from), before(trace.x, to)] : [0, trace.x.length]
    if (columns.xs[k] !== trace.x) {
      columns.xs[k] = trace.x
      columns.ys[k] = new Float32Array(trace.x.length)
    }
    columns.ys[k].set(line(trace.values.subarray(first, stop), centre, up * px, baseline, reach), first)
    same &&= columns.own[k] == own
    columns.px[k] = px
    columns.baseline[k] = baseline
    columns.own[k] = own
  })
  return same
}

/** How many of ascending times are before a time; one that is the same, but for rounding, is not. */
export function before(times, time) {
  let [low, high] = [0, times.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (times[middle] < time - 1e-4) {
      low = middle + 1
    } else {
      high = middle
    }
  }
  return low
}

function line(values, centre, scale, baseline, reach) {
  const ys = new Float32Array(values.length)
  for (let i = 0; i < values.length; i++) {
    ys[i] = centre - scale * (values[i] - baseline)
  }
  if (reach != null) {
    for (let i = 0; i < ys.length; i++) {
      ys[i] = Math.min(Math.max(ys[i], centre - reach), centre + reach)
    }
  }
  return ys
}

/** How much noisier than one channel a derivation is, in words; "" when it is not. */
export const noiseOf = ({noise}) => (noise > 1.005 ? `×${shown(noise)}` : "")

/**
 * Height of the letters of the labels [px], and which rows have one: where rows are lower than
 * letters, all that do not run into the one above.
 */
export function labelled({rows, rowHeight}) {
  const size = Math.min(Math.max(0.72 * rowHeight, 9), 13)
  let last = -Infinity
  const visible = rows.map(({centre}) => {
    const fits = centre - last >= size + 1
    last = fits ? centre : last
    return fits
  })
  return {size, visible}
}
