// Words about the filters, from the numbers with which the API makes them.

import {number} from "./frame.js"

const NAMES = {lff: "LFF", hff: "HFF", notch: "notch"}
const SLOPE = 6 // [dB/octave] for each order and pass

/** What may be chosen: [[value, words], ...] by name. */
export function offered({lff, hff, notch}) {
  const list = (name, values) => values.map((value) =>
    [value, value == "off" ? `${name} off` : `${name} ${value} Hz`])
  return {
    lff: list("LFF", ["off", ...lff]), hff: list("HFF", [...hff, "off"]), notch: list("Notch", ["off", ...notch]),
  }
}

/** How each filter is made. */
export const made = (order) => ({
  lff: `Low frequency filter: Butterworth of order ${order.lff}, −3 dB at the label`,
  hff: `High frequency filter: Butterworth of order ${order.hff}, −3 dB at the label`,
  notch: `Notch: resonator of order 2, ${order.notch_width} Hz wide`,
})

/** Order and slopes of LFF and HFF, with all passes. */
export function slopes(order, phase) {
  const passes = phase == "zero" ? 2 : 1
  const times = passes == 1 ? "" : `${passes}×`
  return `${phase == "zero" ? "zero-phase" : "single-pass"}, order ${times}${order.lff} and ${times}${order.hff}: ` +
    `${SLOPE * order.lff * passes} and ${SLOPE * order.hff * passes} dB/octave`
}

/** The filters of a page as they were applied to EEG; `chosen` are those that were wanted. */
export function applied(page, chosen, order) {
  const trace = page.traces.find(({kind}) => kind == "eeg") ?? page.traces[0]
  const wanted = ["lff", "hff", "notch"].filter((name) => trace != null && chosen[name] != "off")
  if (wanted.length == 0) {
    return "unfiltered, centred on the median"
  }
  const parts = wanted.map((name) => `${NAMES[name]} ${chosen[name]} Hz` +
    (trace[name] == null ? ` off: not possible at ${number(trace.sfreq)} Hz` : ""))
  return [...parts, slopes(order, chosen.phase)].join(" · ")
}
