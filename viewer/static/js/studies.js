// Which studies there are, which one is open, and whether it has grown.

import {Clock, seek} from "./times.js"
import {following, within} from "./turn.js"

const EVERY = 1000, SELDOM = 20000 // [ms] between two looks

/** A study as the page needs it: with its clock, and the channels of its first recording. */
export function known(study) {
  return {...study, clock: new Clock(study), channels: study.recordings[0]?.channels ?? null}
}

/** The latest by start; those without a clock time come last. */
export const latestFirst = (studies) =>
  [...studies].sort((a, b) => String(b.start_time ?? "").localeCompare(String(a.start_time ?? "")))

/** The study that is named by itself or by one of its recordings, and where that begins [s]. */
export function found(studies, patient, name) {
  for (const study of studies.filter((one) => !patient || one.patient_id == patient)) {
    if (study.study_id == name) {
      return {study, offset: 0}
    }
    const recording = study.recordings.find((one) => idOf(one) == name)
    if (recording != null) {
      return {study, offset: recording.offset}
    }
  }
  return null
}

export const idOf = (recording) => recording.recording_id ?? recording.recording?.recording_id

/** Look what the store has; open what the address asks for, and see it grow. */
export class Studies {
  #viewer
  #timer = null

  constructor(viewer) {
    this.#viewer = viewer
    viewer.state.on(["live"], () => this.look())
  }

  /** Look now, and again and again; resolves when the first look has come. */
  async look() {
    clearTimeout(this.#timer)
    const {api, scene, tell} = this.#viewer
    let pause = EVERY
    try {
      const {studies} = await api.json("/studies")
      scene.set({studies: latestFirst(studies)})
      this.#grown(studies)
      pause = scene.now.study == null || !scene.now.study.closed ? EVERY : SELDOM
      tell("store", "")
    } catch (error) {
      tell("store", `The store does not answer; what is on the screen stays. (${error.message})`)
    }
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.look(), pause)
  }

  #grown(studies) {
    const {scene, state, turning} = this.#viewer
    const {study} = scene.now
    const now = studies.find((one) => one.patient_id == study?.patient_id && one.study_id == study?.study_id)
    if (now == null || JSON.stringify(now) == JSON.stringify(study.said)) {
      return
    }
    scene.set({study: {...known(now), said: now}})
    turning.changed(0, Infinity)
    if (state.now.live) {
      state.set({start: following(state.now.duration, now.duration), live: !now.closed})
    }
  }
}

/** Open the study that a query asks for, or the latest; wishes are what it says of the state. */
export function opened({scene, state, tell, api}, query, wishes) {
  const patient = query.get("patient") ?? ""
  const name = query.get("study") ?? query.get("recording") ?? ""
  const {studies} = scene.now
  const asked = name ? found(studies, patient, name) : null
  const study = asked?.study ?? studies.find((one) => !patient || one.patient_id == patient) ?? studies[0]
  if (study == null) {
    tell("page", "There is no recording in this store yet. Import one with “eegstore import FILE.edf”, or " +
      "let “eegstore simulate” send one: it appears here by itself.")
    return
  }
  if ((name && asked == null) || (patient && study.patient_id != patient)) {
    tell("hint", `There is no ${name ? `recording or study “${name}”` : "recording"} of patient “${patient}” ` +
      "in this store; this is the latest one.")
  }
  const duration = wishes.duration ?? state.now.duration
  const time = asked == null && name ? null : timeOf(query.get("time"), study, tell)
  const live = time == null && !study.closed
  const start = live ? following(duration, study.duration)
    : within((time ?? 0) + (asked?.offset ?? 0), duration, study.duration)
  const same = scene.now.study?.study_id == study.study_id && scene.now.study.patient_id == study.patient_id
  if (!same) {
    scene.set({study: {...known(study), said: study}, page: null, identity: null})
    void api.json(`/patients/${encodeURIComponent(study.patient_id)}`)
      .then(({identity}) => scene.set({identity}), () => {})
  }
  state.set({bad: [], hidden: [], ...wishes, patient: study.patient_id, study: study.study_id, start, live})
}

function timeOf(text, study, tell) {
  if (!text) {
    return null
  }
  if (Number.isFinite(Number(text))) {
    return Number(text)
  }
  try {
    return seek(text, new Clock(study), 0, study.duration)
  } catch (error) {
    tell("hint", error.message)
    return 0
  }
}
