// Keeps `scene.overview` what the strip shows: asked for once the page is painted, and seldom.

import {Away} from "./api.js"
import {overviewOf} from "./envelope.js"

const AFTER = 120 // [ms] without another zoom
const EVERY = 5000 // [ms] while the study grows

export function overview({state, scene, api}) {
  scene.add({overview: null})
  let busy = false, timer = null, last = -Infinity

  const wish = () => {
    const {study, part, width} = scene.now
    return {of: JSON.stringify([study.patient_id, study.study_id, width]), from: part[0], to: part[1]}
  }

  /** How long until it is asked for [ms]; null: what there is will do. */
  const pause = () => {
    const {overview: known, study, painted, width} = scene.now
    if (study == null || painted == null || !width || document.hidden) {
      return null
    }
    const {of, from, to} = wish()
    if (known == null || known.of != of) {
      return 0
    }
    if (known.from == from && state.now.stretch == null) {
      const column = (to - from) / width
      return to - known.to >= column ? Math.max(last + EVERY - performance.now(), 0) : null
    }
    return known.from == from && known.to == to ? null : AFTER
  }

  const look = () => {
    const wait = busy ? null : pause()
    if (wait != null) {
      clearTimeout(timer)
      timer = setTimeout(() => void ask(), wait)
    }
  }

  const ask = async () => {
    if (busy || pause() == null) {
      return
    }
    busy = true
    const wanted = wish()
    const {study, width} = scene.now
    const {patient_id, study_id} = study
    try {
      const query = {patient_id, study_id, start: wanted.from, end: wanted.to, px: Math.round(width)}
      const {buffer} = await api.bytes("/eeg", query)
      if (scene.now.study?.study_id == study_id && scene.now.study.patient_id == patient_id) {
        scene.set({overview: {...overviewOf(buffer), ...wanted}})
      }
      last = performance.now()
    } catch (error) {
      last = performance.now()
      if (!(error instanceof Away)) {
        scene.set({overview: {...NOTHING, ...wanted}})
      }
      await new Promise((resolve) => setTimeout(resolve, EVERY))
    } finally {
      busy = false
    }
    look()
  }

  scene.on(["study"], () => {
    const {study, overview: known} = scene.now
    if (known != null && JSON.parse(known.of).slice(0, 2).join() != [study?.patient_id, study?.study_id].join()) {
      scene.set({overview: null})
    }
    look()
  })
  scene.on(["part", "painted", "width"], look)
  document.addEventListener("visibilitychange", look)
}

const NOTHING = {edges: new Float64Array(1), channels: [], limits: new Int16Array(0), stored: new Uint32Array(0)}
