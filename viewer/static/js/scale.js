// Clinical conventions: which way is up, millimetres, sensitivities.

export const SENSITIVITIES = [1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 70, 100, 150, 200] // [uV/mm]
export const PER_MM = 96 / 25.4 // CSS defines 96 px as an inch, until a screen is measured
export const GAINS = {eeg: 1, eog: 1, ekg: 0.1, emg: 1, resp: 1, spo2: 1, other: 1}
const FILLED = 0.8 // of a row, by what is no voltage
const LEAST = 0.02 // of the physical range; what varies less is not blown up to fill the row

/** -1 where a negative value is drawn upwards: EEG and EOG, unless switched. */
export function polarity(kind, negativeUp) {
  return negativeUp && (kind == "eeg" || kind == "eog") ? -1 : 1
}

/** The factor for a kind of channel. */
export const gainOf = (kind, gains) => gains[kind] ?? gains.other ?? 1

/** The next of 1, 2, 5, 10, 20 ... that is not below a value above 0. */
export function roundUp(value) {
  const power = 10 ** Math.floor(Math.log10(value))
  return [1, 2, 5, 10].map((step) => step * power).find((step) => step >= value * (1 - 1e-9))
}

/** A round number of uV whose bar is at most `longest` [px] high, and its height [px]. */
export function bar(sensitivity, perMm, longest) {
  const limit = Math.max((longest / perMm) * sensitivity, 1)
  const power = 10 ** Math.floor(Math.log10(limit))
  const value = [5, 2, 1].map((step) => step * power).find((step) => step <= limit * (1 + 1e-9))
  return {value, height: (value / sensitivity) * perMm}
}

/** The next of what is offered, ascending, below (-1) or above (1) a value; the value at the ends. */
export function stepped(offered, value, step) {
  return (step > 0 ? offered.find((one) => one > value) : offered.findLast((one) => one < value)) ?? value
}

/** Pixels a millimetre, from a line on the screen that somebody measured. */
export function perMm(pixels, millimetres) {
  const result = pixels / millimetres
  if (!(pixels > 0 && millimetres > 0 && result >= 1 && result <= 40)) {
    throw new Error(`${pixels} px are ${millimetres} mm? A screen has 1 to 40 px/mm`)
  }
  return result
}

/**
 * How a trace is drawn: y [px] = centre - up * (value - baseline) * px.
 *
 * Voltages follow the sensitivity; what else there is fills its row, and says its scale.
 * Unfiltered traces are centred on their median, for offsets of electrodes are no EEG.
 */
export function scaleOf(trace, values, look, rowHeight) {
  const up = polarity(trace.kind, look.negativeUp)
  const gain = gainOf(trace.kind, look.gains)
  const baseline = trace.unit == "uV" && trace.lff != null ? 0 : median(values)
  if (trace.unit == "uV") {
    const perMm = look.sensitivity / gain
    const own = perMm == look.sensitivity ? "" : perMm < 1000 ? `${shown(perMm)} µV/mm` : `${shown(perMm / 1000)} mV/mm`
    return {up, baseline, px: look.perMm / perMm, own}
  }
  let farthest = 0
  for (const value of values) {
    farthest = Math.max(farthest, Math.abs(value - baseline) || 0)
  }
  const span = Math.max(2 * farthest, LEAST * (trace.range ?? 0), 1e-9)
  const perMm = roundUp(span / ((FILLED * rowHeight) / look.perMm)) / gain
  return {up, baseline, px: look.perMm / perMm, own: `${shown(perMm)} ${trace.unit}/mm`.trim()}
}

/** A number without the digits that nobody reads. */
export const shown = (value) => String(Number(value.toPrecision(3)))

function median(values) {
  const there = values.filter((value) => !Number.isNaN(value)).sort()
  return there.length ? (there[(there.length - 1) >> 1] + there[there.length >> 1]) / 2 : 0
}
