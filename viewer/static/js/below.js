// Everything below the traces, wired: the strip of the study, what was seen of it, spectra.

import {coverage} from "./coverage.js"
import {looking} from "./looking.js"
import {overview} from "./overview.js"
import {selection} from "./selection.js"
import {spectrogram} from "./spectrogram.js"
import {strip} from "./strip.js"

export function below(viewer) {
  for (const part of [selection, strip, overview, coverage, looking, spectrogram]) {
    part(viewer)
  }
}
