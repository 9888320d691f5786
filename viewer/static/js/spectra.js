// Spectrograms and trends as the API sends them.

import {header} from "./frame.js"

/** A spectrogram: codes (n_frequencies, n_times), and where its columns and rows lie [s], [Hz]. */
export function spectrogramOf(buffer) {
  const {head, at} = header(buffer)
  const {start, step, n_times: columns, n_frequencies: rows, frequency_step, lowest, db_step, trace, unit} = head
  return {
    trace, unit, start, step, rows, columns, frequency: frequency_step,
    codes: new Uint8Array(buffer, at, rows * columns), level: (code) => lowest + code * db_step,
  }
}

/** Trends: spectra (n_bins, n_columns), amplitude (least, middle, largest) by column [uV], and where columns lie [s]. */
export function trendsOf(buffer) {
  const {head, at} = header(buffer)
  const {start, unit, n_columns: columns, edges, lowest, db_step, complete, group} = head
  const rows = edges.length - 1
  const amplitude = new Float32Array(buffer.slice(at + rows * columns))
  const [least, middle, largest] = [0, 1, 2].map((k) => amplitude.subarray(k * columns, (k + 1) * columns))
  return {
    group, start, step: unit, rows, columns, edges, complete, least, middle, largest,
    codes: new Uint8Array(buffer, at, rows * columns), level: (code) => lowest + code * db_step,
  }
}
