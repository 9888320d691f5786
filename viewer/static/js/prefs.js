// What belongs to this screen and its reader, kept in the browser: no patient, no place.

const NAME = "eegstore.viewer"
const KEPT = ["theme", "perMm", "negativeUp", "sensitivity", "duration", "gains", "clip", "author", "classes", "cross",
  "seenBy", "spectrogram", "trends", "group"]

/** What was kept, as far as it can be read. */
export function kept() {
  try {
    return JSON.parse(localStorage.getItem(NAME)) ?? {}
  } catch {
    return {}
  }
}

/** Keep what changes. */
export function keep(state) {
  state.on(KEPT, (now) => {
    try {
      localStorage.setItem(NAME, JSON.stringify(Object.fromEntries(KEPT.map((name) => [name, now[name]]))))
    } catch {
      // a browser that keeps nothing is no reason to stop
    }
  })
}
