// Reading values off a page: from its data, never from pixels. Times are study seconds [s].

/**
 * The point of a trace nearest to x [s from page start]: {x, value}, with low and high of its
 * column where samples were reduced; null where there is none.
 */
export function nearest(trace, x) {
  const {x: times, values} = trace
  let low = 0, high = times.length
  while (low < high) {
    const middle = (low + high) >> 1
    times[middle] < x ? (low = middle + 1) : (high = middle)
  }
  const near = low > 0 && (low == times.length || x - times[low - 1] <= times[low] - x) ? low - 1 : low
  if (near >= times.length || Number.isNaN(values[near])) {
    return null
  }
  const column = trace.per_column / rate(trace)
  if (Math.abs(times[near] - x) > Math.max(column, 1 / rate(trace))) {
    return null
  }
  const found = {x: times[near], value: values[near]}
  if (trace.per_column == 1) {
    return found
  }
  const apart = (one) => (one < 0 || one >= times.length ? Infinity : Math.abs(times[one] - times[near]))
  const other = apart(near - 1) < apart(near + 1) ? near - 1 : near + 1 // its column's other extreme is nearer
  const values2 = [values[near], apart(other) < column ? values[other] : values[near]]
  return {...found, low: Math.min(...values2), high: Math.max(...values2)}
}

const rate = ({sfreq}) => {
  const [above, below = 1] = String(sfreq).split("/")
  return Number(above) / Number(below)
}

/**
 * From a first cursor to a second: seconds, hertz of a wave that long, and difference in the unit,
 * which two different traces do not have.
 */
export function between(first, second) {
  const seconds = second.second - first.second
  const same = first.label == second.label && first.value != null && second.value != null
  return {seconds, hertz: seconds == 0 ? null : 1 / Math.abs(seconds), difference: same ? second.value - first.value : null}
}

const MINUS = "\u2212"

/** A value with as many digits as anybody reads: "−34.2", "1205". */
export function figure(value) {
  const digits = Math.abs(value) < 10 ? 2 : Math.abs(value) < 100 ? 1 : 0
  return value.toFixed(digits).replace("-", MINUS)
}

const named = (unit) => (unit == "uV" ? "µV" : unit)

/** "−34.2 µV", or "−34.2 … 12.0 µV" for all samples of a column; "no sample" in a gap. */
export function worded(point, unit) {
  if (point == null) {
    return "no sample"
  }
  const value = point.low == null || point.low == point.high ? figure(point.value) : `${figure(point.low)} … ${figure(point.high)}`
  return `${value} ${named(unit)}`.trim()
}

/** What lies between two cursors, in words; on which traces, where the crosshair is on another. */
export function ruled(first, second, here) {
  const {seconds, hertz, difference} = between(first, second)
  const where = first.label != second.label ? `${first.label} to ${second.label}` : first.label != here ? first.label : null
  const parts = [`Δt ${seconds.toFixed(3).replace("-", MINUS)} s`, hertz == null ? null : `${figure(hertz)} Hz`,
    difference == null ? null : `Δ ${figure(difference)} ${named(first.unit)}`, where]
  return parts.filter(Boolean).join(" · ")
}
