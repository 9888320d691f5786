// What of the study was seen, by anybody or by oneself, and the way to what was not.

import {button, place} from "./dom.js"
import {minus, union} from "./spans.js"

/** Keeps `scene.coverage`: {seen, unseen}, spans of the study [s]; null while not known. */
export function coverage(viewer) {
  const {state, scene, api, moves, keys, tell} = viewer
  state.add({seenBy: "anybody", author: ""})
  scene.add({coverage: null})
  let of = null // whose coverage it is

  const wish = () => {
    const {study} = scene.now
    const {seenBy, author} = state.now
    return study == null ? null : JSON.stringify([study.patient_id, study.study_id, seenBy == "me" ? author : null])
  }

  /** Read what the store knows. */
  const read = async () => {
    const wanted = wish()
    const {patient_id, study_id} = scene.now.study
    const query = {patient_id, study_id, reviews: false}
    if (state.now.seenBy == "me") {
      query.author = state.now.author
    }
    try {
      const {seen, unseen} = await api.json("/reviews", query)
      if (wanted == wish()) {
        of = wanted
        scene.set({coverage: {seen, unseen}})
      }
    } catch (error) {
      tell("hint", `What was seen of this study is not known: ${error.message}`)
    }
  }

  const look = () => {
    const wanted = wish()
    if (wanted != of) {
      scene.set({coverage: null})
      if (scene.now.painted != null && wanted != null) {
        of = wanted
        void read()
      }
    }
  }
  scene.on(["study", "painted"], look)
  state.on(["seenBy", "author"], look)
  document.addEventListener("visibilitychange", () => document.hidden || of == null || void read())

  viewer.coverage = {
    /** Some seconds of a recording have been stored as seen. */
    seen: ({patient_id, recording_id}, seconds) => {
      const {study, coverage: known} = scene.now
      const recording = study?.recordings.find((one) => one.recording_id == recording_id)
      if (known != null && study.patient_id == patient_id && recording != null) {
        const spans = seconds.map(([from, to]) => [recording.offset + from, recording.offset + to])
        scene.set({coverage: {seen: union([...known.seen, ...spans]), unseen: minus(known.unseen, spans)}})
      }
    },
  }

  const next = async () => {
    const {study} = scene.now
    if (study == null) {
      return
    }
    await viewer.looking.flush()
    await read()
    const {coverage: known} = scene.now
    const {start, duration, seenBy} = state.now
    const page = [[start, start + duration]]
    const [after] = [...minus(known?.unseen ?? [], [[0, start + duration]]), ...minus(known?.unseen ?? [], page)]
    if (after != null) {
      moves.to(after[0])
    } else if (known != null) {
      tell("hint", seenBy == "me" ? "You have seen all else that is stored." : "All else that is stored has been seen.")
    }
  }

  const by = async () => {
    const me = state.now.seenBy == "anybody" && (state.now.author || (await viewer.author()))
    state.set({seenBy: me ? "me" : "anybody"})
  }

  const unseen = button("unseen", "unseen ▸", "", () => void next())
  const whose = button("seenby", "anybody", "Seen by anybody, or by you (Shift+u)", () => void by())
  place("strip").querySelector(".tools").append(unseen, whose)
  const show = () => {
    const {coverage: known} = scene.now
    const length = (spans) => spans.reduce((sum, [from, to]) => sum + to - from, 0)
    const share = known == null ? null : Math.floor((100 * length(known.seen)) / (length(known.seen) + length(known.unseen) || 1))
    unseen.title = "To the next second that nobody has seen (u): painted for a second, on a page of at most 30 s" +
      (share == null ? "" : `. ${share} % of what is stored is seen`)
    whose.replaceChildren(state.now.seenBy)
  }
  scene.on(["coverage"], show)
  state.on(["seenBy"], show)
  show()
  keys.add(
    {keys: ["u"], words: "To what nobody has seen yet", group: "Study", run: () => void next()},
    {keys: ["Shift+u"], words: "Seen by anybody, or by you", group: "Study", run: () => void by()},
  )
}
