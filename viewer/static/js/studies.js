// Which studies there are, which one is open, and whether it has grown.

import {Away} from "./api.js"
import {tableOf} from "./rows.js"
import {Clock, seek} from "./times.js"
import {following, within} from "./turn.js"

// [ms] between two looks: at what grows and nobody tells, at what is told as it grows, at the list
const EVERY = 2000, SOMETIMES = 5000, SELDOM = 20000

/** A study as the page needs it: with its clock, its channels, and their rows by recording. */
function known(said) {
  const recordings = said.recordings.map(({recording, ...info}) => ({...recording, ...info}))
  return {...said, recordings, said, clock: new Clock(said), ...tableOf(recordings)}
}

/** The latest by start; those without a clock time come last. */
const latestFirst = (studies) =>
  [...studies].sort((a, b) => String(b.start_time ?? "").localeCompare(String(a.start_time ?? "")))

/** The study that is named by itself or by one of its recordings, and where that begins [s]. */
function found(studies, patient, name) {
  for (const study of studies.filter((one) => !patient || one.patient_id == patient)) {
    const part = study.recordings.find(({recording}) => recording.recording_id == name)
    if (study.study_id == name || part != null) {
      return {study, offset: study.study_id == name ? 0 : part.offset}
    }
  }
  return null
}

/** Looks what the store has, and sees the study that is open grow. */
export class Studies {
  #viewer
  #timer = null
  #listed = -Infinity

  constructor(viewer) {
    this.#viewer = viewer
  }

  /** Look now, and again and again; resolves when this look is over. */
  async look() {
    clearTimeout(this.#timer)
    const {scene, tell, growing} = this.#viewer
    let pause = EVERY
    try {
      await (performance.now() - this.#listed > SELDOM || scene.now.study == null ? this.#list() : this.#one())
      tell("list", "")
      growing.retry()
      pause = scene.now.study?.closed ? SELDOM : scene.now.streaming ? SOMETIMES : EVERY
    } catch (error) {
      tell("list", error instanceof Away
        ? `The store does not answer; what is on the screen stays. (${error.message})` : error.message)
    }
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.look(), pause)
  }

  /** Count the seizures of the open study again. */
  async count() {
    await this.#one().catch(() => {}) // what is away is told by the next look
  }

  async #list() {
    const {api, scene} = this.#viewer
    const {studies} = await api.json("/studies")
    this.#listed = performance.now()
    scene.set({studies: latestFirst(studies)})
    const {study} = scene.now
    this.#seen(studies.find((one) => one.patient_id == study?.patient_id && one.study_id == study?.study_id))
  }

  async #one() {
    const {api, scene} = this.#viewer
    const {patient_id, study_id} = scene.now.study
    const {days, hours, ...now} = await api.json(
      `/studies/${encodeURIComponent(patient_id)}/${encodeURIComponent(study_id)}`)
    if (scene.now.study.study_id == study_id && scene.now.study.patient_id == patient_id) {
      scene.set({tally: {days, hours}})
      this.#seen(now)
    }
  }

  /** Take what is stored of the open study now. */
  #seen(now) {
    const {scene, state} = this.#viewer
    const {study} = scene.now
    if (now == null || JSON.stringify(now) == JSON.stringify(study.said)) {
      return
    }
    const same = (one) => one.patient_id == now.patient_id && one.study_id == now.study_id
    const duration = scene.now.streaming ? Math.max(study.duration, now.duration) : now.duration
    scene.set({study: {...known(now), duration}, studies: scene.now.studies.map((one) => (same(one) ? now : one))})
    if (state.now.live) {
      state.set({start: following(state.now.duration, duration), live: !now.closed})
    }
    this.#changed(study.said, now)
  }

  /** Have pages brought again where more is stored of recordings that nobody tells of. */
  #changed(before, now) {
    const {growing, turning} = this.#viewer
    const old = new Map(before.recordings.map((info) => [info.recording.recording_id, info]))
    for (const info of now.recordings) {
      const {recording, offset, duration, n_seconds} = info
      const was = old.get(recording.recording_id)
      if (was?.offset != offset) {
        turning.changed(0, Infinity)
      } else if (was.n_seconds != n_seconds && !growing.follows({...recording, offset})) {
        turning.changed(offset, offset + duration)
      }
    }
  }
}

/**
 * Open the study that a query asks for, or the latest; `wishes` are what it says of the state.
 *
 * False when there is none at all.
 */
export function opened({scene, state, tell, api, studies: watch}, query, wishes) {
  const patient = query.get("patient") ?? ""
  const name = query.get("study") ?? query.get("recording") ?? ""
  const {studies} = scene.now
  const asked = name ? found(studies, patient, name) : null
  const study = asked?.study ?? studies.find((one) => !patient || one.patient_id == patient) ?? studies[0]
  if (study == null) {
    tell("page", "There is no recording in this store yet. Import one with “eegstore import FILE.edf”, or " +
      "let “eegstore simulate” send one: it appears here by itself.")
    return false
  }
  tell("page", "")
  if ((name && asked == null) || (patient && study.patient_id != patient)) {
    tell("hint", `There is no ${name ? `recording “${name}”` : "recording"} of patient “${patient}” ` +
      "in this store; this is the latest one.")
  }
  const duration = wishes.duration ?? state.now.duration
  const time = asked == null && name ? null : timeOf(query.get("time"), study, tell)
  const live = time == null && !study.closed
  const start = live ? following(duration, study.duration)
    : within((time ?? 0) + (asked?.offset ?? 0), duration, study.duration)
  const {study: before} = scene.now
  if (before?.study_id != study.study_id || before.patient_id != study.patient_id) {
    scene.set({study: known(study), page: null, identity: null, tally: null})
    void api.json(`/patients/${encodeURIComponent(study.patient_id)}`)
      .then(({identity}) => scene.set({identity}), () => {})
    void watch.look()
  }
  state.set({bad: [], hidden: [], ...wishes, patient: study.patient_id, study: study.study_id, start, live})
  return true
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
