// What is stored of an open recording, told by the API as it happens.

const SOONEST = 500, LATEST = 10000 // [ms] between two tries
const NO_SESSION = 4401
const MOST = 1000 // lags that are kept

/** Listens to the recordings of the open study that are not closed. */
export function stream(viewer) {
  const {scene, api, studies} = viewer
  const lags = new Lags(viewer)
  const heard = new Map() // recording_id -> close()

  const listen = () => {
    const {study} = scene.now
    const wanted = new Map((study?.recordings ?? []).filter(({closed}) => !closed)
      .map((one) => [`${study.patient_id} ${one.recording_id}`, one]))
    for (const [key, close] of heard) {
      if (!wanted.has(key)) {
        close()
        heard.delete(key)
      }
    }
    for (const [key, {recording_id}] of wanted) {
      if (!heard.has(key)) {
        heard.set(key, follow(study.patient_id, recording_id))
      }
    }
  }

  const follow = (patient_id, recording_id) => {
    let socket, timer, failures = 0, over = false
    const open = () => {
      socket = new WebSocket(api.socket("/stream", {patient_id, recording_id}))
      socket.onmessage = ({data}) => {
        failures = 0
        const said = JSON.parse(data)
        if (said.type == "stored") {
          lags.told(recording_id, said)
          studies.grown(recording_id, said.duration, said.seconds)
        } else {
          void studies.look()
        }
      }
      socket.onclose = async ({code}) => {
        const pause = Math.min(SOONEST * 2 ** failures++, LATEST)
        if (code == NO_SESSION) {
          await api.admit().catch(() => {})
        }
        if (!over && code != 1000) {
          timer = setTimeout(open, pause)
        }
      }
    }
    open()
    return () => {
      over = true
      clearTimeout(timer)
      socket.close()
    }
  }

  scene.on(["study"], listen)
  listen()
}

/** How long it takes from the commit of a second until it is painted [ms], for the benches. */
class Lags {
  #waiting = []

  constructor({scene, counts}) {
    counts.lags = []
    scene.on(["painted"], ({painted}) => {
      const there = ({from, to}) => painted.spans.some(([start, stop]) => start <= from && to <= stop)
      counts.lags.push(...this.#waiting.filter(there).map(({at}) => Date.now() - at))
      counts.lags.splice(0, counts.lags.length - MOST)
      this.#waiting = this.#waiting.filter((one) => !there(one)).slice(-MOST)
    })
    this.told = (recording_id, {seconds, at}) => {
      const offset = scene.now.study.recordings.find((one) => one.recording_id == recording_id)?.offset ?? 0
      this.#waiting.push(...seconds.map(([from, to]) => ({from: from + offset, to: to + offset, at: Date.parse(at)})))
    }
  }
}
