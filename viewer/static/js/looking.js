// Who has looked at what: seconds that were painted long enough go to the store, a few at a time.
//
// The API key stays with Python, so what a page sends while it is closed may not arrive. It waits
// in the tab until the viewer is opened there again; with the tab at most EVERY is lost.

import {Gaze} from "./gaze.js"
import {named} from "./keys.js"
import {Ledger} from "./ledger.js"
import {within} from "./spans.js"

const EVERY = 5000 // [ms]
const LONGEST = 30 // [s] on a page; on a longer one nobody sees details
const UNSENT = "eegstore.unsent"

/** Brings `viewer.looking.flush()`: what was seen so far is in the store when it resolves. */
export function looking(viewer) {
  const {state, scene, turning, keys, link} = viewer
  const gaze = new Gaze(), ledger = new Ledger(kept())
  let running = false, ripening = null, sending = null, waiting = null

  /** What is on the screen to be seen. */
  const stretches = () => {
    const {painted: page, study, layout} = scene.now
    if (page == null || page.stop - page.start > LONGEST + 1e-6 || running || document.hidden ||
        !turning.settled || layout.rows.length == 0) {
      return []
    }
    const {patient, montage, author} = state.now
    const [lff, hff, notch] = ["lff", "hff", "notch"].map((name) => (state.now[name] == "off" ? null : Number(state.now[name])))
    return page.recordings.flatMap(({recording_id, start, stop}) => {
      const offset = study.recordings.find((one) => one.recording_id == recording_id)?.offset
      if (offset == null) {
        return [] // a file that was found a moment ago
      }
      const of = JSON.stringify({patient_id: patient, recording_id, author: author || null, montage, lff, hff, notch})
      return within(page.spans, start, stop).map(([from, to]) => ({of, from: from - offset, to: to - offset}))
    })
  }

  const take = (ripe) => {
    ripe.forEach((one) => ledger.add(one))
    if (ripe.length > 0) {
      waiting ??= setTimeout(() => void flush(), EVERY)
    }
    clearTimeout(ripening)
    if (gaze.due != null) {
      ripening = setTimeout(() => take(gaze.ripe(performance.now())), Math.max(gaze.due - performance.now(), 0))
    }
  }
  const look = (shown = stretches()) => take(gaze.show(shown, performance.now()))

  /** Have what was seen stored; what cannot be is kept for the next time. */
  const flush = () => {
    take(gaze.ripe(performance.now()))
    sending ??= send().finally(() => (sending = null))
    return sending
  }
  const send = async () => {
    clearTimeout(waiting)
    waiting = null
    for (const one of ledger.reviews) {
      const {of, ...review} = one
      try {
        const what = JSON.parse(of)
        const {spans} = await link.ask("review", {...what, ...review})
        ledger.stored(one)
        viewer.coverage.seen(what, spans)
      } catch {
        waiting ??= setTimeout(() => void flush(), EVERY)
        return
      }
    }
  }

  scene.on(["painted"], () => look())
  state.on(["patient", "study"], () => look([]))
  state.on(["author"], () => look())
  document.addEventListener("visibilitychange", () => {
    look()
    if (document.hidden) {
      void flush()
    }
  })
  window.addEventListener("pagehide", () => {
    take(gaze.ripe(performance.now()))
    keep(ledger.reviews)
  })
  // Before the table of keys, which lets nobody else have those that it knows.
  window.addEventListener("keydown", (event) => {
    const name = event.repeat && named(event)
    if (name && !running && keys.table.some((entry) => entry.repeats && entry.keys.includes(name))) {
      running = true
      look([])
    }
  }, {capture: true})
  const rest = () => {
    if (running) {
      running = false
      look()
    }
  }
  window.addEventListener("keyup", rest, {capture: true})
  window.addEventListener("blur", rest)

  viewer.looking = {flush}
  void flush()
}

function keep(reviews) {
  try {
    sessionStorage.setItem(UNSENT, JSON.stringify(reviews))
  } catch {
    // a browser that keeps nothing is no reason to stop
  }
}

function kept() {
  try {
    const found = JSON.parse(sessionStorage.getItem(UNSENT)) ?? []
    sessionStorage.removeItem(UNSENT)
    return found
  } catch {
    return []
  }
}
