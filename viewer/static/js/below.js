// Everything below the traces, wired: the strip of the study, what was seen of it, spectra.

import {coverage} from "./coverage.js"
import {make, place} from "./dom.js"
import {looking} from "./looking.js"
import {overview} from "./overview.js"
import {selection} from "./selection.js"
import {spectrogram} from "./spectrogram.js"
import {strip} from "./strip.js"
import {trends} from "./trends.js"

export function below(viewer) {
  place("bar").insertBefore(make("div", {class: "group below"}), place("bar").querySelector("[name=menu]"))
  for (const part of [selection, strip, overview, coverage, looking, spectrogram, trends]) {
    part(viewer)
  }
}
