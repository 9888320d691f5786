// Events as files that others read.

import {save} from "./dom.js"

const FORMATS = [
  ["edf", "EDF+", "_annotations.edf"], ["csv", "CSV", "_annotations.csv"], ["bids", "BIDS events.tsv", "_events.tsv"],
]

export function exporting({scene, api, menu, tell}) {
  const keep = async (format, ending) => {
    const {patient_id, study_id} = scene.now.study
    try {
      const {buffer} = await api.bytes("/annotations/export", {patient_id, study_id, format})
      save(new Blob([buffer]), `${study_id}${ending}`)
    } catch (error) {
      tell("hint", `The events could not be written: ${error.message}`)
    }
  }
  for (const [format, words, ending] of FORMATS) {
    menu.add(`Events as ${words}`, () => scene.now.study && void keep(format, ending))
  }
}
