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
