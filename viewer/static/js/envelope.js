// Min and max of a study in columns of time, as recorded: GET /eeg?px=

import {header, number} from "./frame.js"

const ARRAYS = {int16: Int16Array, int32: Int32Array, float32: Float32Array}
const MICROVOLTS = {uV: 1, "µV": 1, mV: 1e3, V: 1e6, nV: 1e-3}
const REACHED = 0.95 // of the columns fit into the band

/** An overview as the API sends it. */
export function overviewOf(buffer) {
  const {head, at} = header(buffer)
  const make = ARRAYS[head.sample_type]
  const counts = 2 * head.channels.length * head.n_columns
  const end = at + counts * make.BYTES_PER_ELEMENT
  const start = number(head.start), unit = number(head.unit)
  const edges = Float64Array.from({length: head.n_columns + 1},
    (_, k) => start + unit * Math.floor((k * head.n_units) / head.n_columns))
  return {
    edges, channels: head.channels,
    limits: new make(buffer.slice(at, end)), // (n_channels, n_columns, 2)
    stored: new Uint32Array(buffer.slice(end)), // seconds of each column
  }
}

/**
 * One band for several channels: in each column the middle one of their minima, and of their maxima.
 *
 * `reach` [uV] is what fills the height of the band: few columns go beyond.
 */
export function bandOf(overview, rows) {
  const all = rows.map((row) => centred(overview, row))
  const columns = overview.stored.length
  const low = new Float32Array(columns), high = new Float32Array(columns)
  for (let k = 0; k < columns; k++) {
    low[k] = middle(all.map((one) => one.low[k]))
    high[k] = middle(all.map((one) => one.high[k]))
  }
  const farthest = low.map((one, k) => Math.max(-one, high[k])).filter((one) => !Number.isNaN(one)).sort()
  const reach = farthest[Math.floor(REACHED * (farthest.length - 1))] ?? 0
  return {low, high, reach: Number(reach.toPrecision(2))}
}

/** Where nothing is stored, and where something is missing: spans [s]. What is to come is neither. */
export function holesOf({edges, stored}, extent) {
  const end = Math.floor(extent)
  const found = {empty: [], partial: []}
  stored.forEach((seconds, k) => {
    const stop = Math.min(edges[k + 1], end)
    if (seconds < stop - edges[k]) {
      const list = seconds == 0 ? found.empty : found.partial
      const last = list.at(-1)
      if (last != null && last[1] == edges[k]) {
        last[1] = stop
      } else {
        list.push([edges[k], stop])
      }
    }
  })
  return found
}

/** Min and max of a channel about its own middle [uV], NaN where there is none. */
function centred({channels, limits, stored}, row) {
  const {unit, physical_min, physical_max, digital_min, digital_max} = channels[row]
  const floats = limits instanceof Float32Array
  const gain = (MICROVOLTS[unit] ?? 1) * (floats ? 1 : (physical_max - physical_min) / (digital_max - digital_min))
  const columns = stored.length, first = 2 * columns * row
  const low = new Float32Array(columns), high = new Float32Array(columns)
  for (let k = 0; k < columns; k++) {
    const one = limits[first + 2 * k], other = limits[first + 2 * k + 1]
    const there = one <= other
    low[k] = there ? gain * (gain > 0 ? one : other) : NaN
    high[k] = there ? gain * (gain > 0 ? other : one) : NaN
  }
  const zero = middle(low.map((one, k) => (one + high[k]) / 2)) || 0
  return {low: low.map((one) => one - zero), high: high.map((one) => one - zero)}
}

function middle(values) {
  const there = Float64Array.from(values).filter((one) => !Number.isNaN(one)).sort()
  return there.length ? (there[(there.length - 1) >> 1] + there[there.length >> 1]) / 2 : NaN
}
