// Keeps `scene.overview`, the min and max of what the strip shows of the study.

import {overviewOf} from "./envelope.js"
import {keeping} from "./keeping.js"

const EVERY = 5000 // [ms] while the study grows

export function overview(viewer) {
  const load = async ({patient_id, study_id}, [start, end], px) =>
    overviewOf((await viewer.api.bytes("/eeg", {patient_id, study_id, start, end, px})).buffer)
  keeping(viewer, "overview", {kind: () => "", load, every: EVERY})
}
