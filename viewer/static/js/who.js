// Who and when, always on the screen; notices across the page.

import {make, place} from "./dom.js"
import {elapsed} from "./times.js"

/** Speaks of the page that is on the screen, which is not always the one that is wanted. */
export function who({state, scene}) {
  const name = make("b"), born = make("i"), ids = make("span", {class: "cut"})
  const date = make("i"), clock = make("b"), since = make("span"), zone = make("i")
  const fetching = make("span", {class: "fetching"})
  place("who").append(make("span", {class: "person"}, name, born), ids, fetching,
    make("span", {class: "when"}, date, clock, zone), since)

  const show = () => {
    const {study, identity, page, waiting} = scene.now
    const {patient} = state.now
    const start = page?.start ?? state.now.start
    name.textContent = identity?.name || patient
    born.textContent = identity?.birth_date ? `* ${identity.birth_date}` : ""
    const recording = study?.recordings.findLast(({offset}) => offset <= start)?.recording_id
    ids.textContent = [identity?.name ? patient : null, recording].filter(Boolean).join(" · ")
    if (study != null) {
      const digits = start % 1 ? 1 : 0
      date.textContent = study.clock.known ? study.clock.date(start) : "no clock time"
      clock.textContent = study.clock.text(start, digits)
      zone.textContent = study.clock.known ? study.zone ?? "local time" : ""
      since.textContent = `${elapsed(start, digits)} of ${elapsed(study.duration)}`
      fetching.textContent = waiting && page != null ? `fetching ${study.clock.text(state.now.start)} …` : ""
    }
  }
  state.on(["patient"], show)
  scene.on(["study", "identity", "page", "waiting"], show)
  show()
}

const FIRST = ["store", "list", "page", "hint", "marks"]

/** What is wrong with the store is told first, then what is wrong with the page. */
export function notices({scene}) {
  const line = place("notice")
  const show = () => {
    const kind = FIRST.find((one) => scene.now.notices[one])
    line.textContent = kind == null ? "" : scene.now.notices[kind]
    line.className = kind == "list" ? "store" : kind ?? ""
    line.hidden = kind == null
  }
  scene.on(["notices"], show)
  show()
}
