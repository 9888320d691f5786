// What grows: a stream for each recording of the open study that is not closed.

import {later, union} from "./spans.js"
import {Stream} from "./stream.js"
import {following} from "./turn.js"

const MOST = 4 // streams; a study with more that nobody has closed grows at its end

/** Keeps `scene.stored` and the end of the study what they are in the store, second by second. */
export class Growing {
  #viewer
  #streams = new Map() // key -> {stream, offset, spans, duration}

  constructor(viewer) {
    this.#viewer = viewer
    viewer.scene.on(["study"], () => this.#follow())
    window.addEventListener("online", () => this.retry())
  }

  /** Whether every second of a recording is told as it is stored. */
  follows(recording) {
    return this.#streams.get(keyOf(recording))?.stream.open ?? false
  }

  /** The store answers: whatever waits for another try need not wait. */
  retry() {
    for (const {stream} of this.#streams.values()) {
      stream.retry()
    }
  }

  #follow() {
    const {study} = this.#viewer.scene.now
    const open = new Map((study?.recordings ?? []).filter(({closed}) => !closed).slice(-MOST)
      .map((recording) => [keyOf(recording), recording]))
    for (const [key, {stream}] of this.#streams) {
      if (!open.has(key)) {
        stream.end()
        this.#streams.delete(key)
      }
    }
    for (const [key, recording] of open) {
      if (!this.#streams.has(key)) {
        this.#streams.set(key, this.#begin(recording))
      }
    }
    this.#viewer.scene.set({stored: this.#stored})
    this.#show()
  }

  get #stored() {
    return union([...this.#streams.values()].flatMap(({offset, spans}) => later(spans, offset)))
  }

  #begin({patient_id, recording_id, offset}) {
    const {api, studies} = this.#viewer
    const address = () => api.socket("/stream", {patient_id, recording_id, from: "0"})
    const one = {offset, spans: [], duration: 0, replayed: false}
    const told = (message) => {
      if (message.type == "stored") {
        one.spans = union([...one.spans, ...message.seconds])
        one.duration = Math.max(one.duration, message.duration)
        if (one.replayed) {
          this.#viewer.heard(later(message.seconds, offset), Date.parse(message.at))
        }
        one.replayed = true
        this.#grown()
      }
    }
    one.stream = new Stream(address, told, () => {
      one.replayed = false
      this.#show()
      void studies.look() // lets this browser in again, says what is wrong, or sees the end
    })
    return one
  }

  /** Take what the streams have told. */
  #grown() {
    const {scene, state} = this.#viewer
    const recordings = scene.now.study.recordings.map((recording) => {
      const {duration = 0} = this.#streams.get(keyOf(recording)) ?? {}
      return duration > recording.duration ? {...recording, duration} : recording
    })
    const end = Math.max(scene.now.study.duration, ...recordings.map(({offset, duration}) => offset + duration))
    scene.set({study: {...scene.now.study, recordings, duration: end}, stored: this.#stored})
    this.#show()
    if (state.now.live) {
      state.set({start: following(state.now.duration, end)})
    }
  }

  #show() {
    const all = [...this.#streams.values()]
    this.#viewer.scene.set({streaming: all.length > 0 && all.every(({stream}) => stream?.open)})
  }
}

const keyOf = ({patient_id, recording_id, offset}) => `${patient_id}/${recording_id}@${offset}`
