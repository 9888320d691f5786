// The list of studies: patients, their studies, the days and hours of the one that is open.

import {make, place} from "./dom.js"
import {Clock, elapsed} from "./times.js"

const HOUR = 3600 // [s]

export function list({state, scene, moves, open}) {
  const box = place("studies")
  const show = () => {
    const {studies} = scene.now
    const patients = [...new Set(studies.map((study) => study.patient_id))]
    box.replaceChildren(...patients.map((patient) =>
      make("section", {}, make("h3", {}, patient),
        ...studies.filter((study) => study.patient_id == patient).map(one))))
  }

  const one = (study) => {
    const shown = study.patient_id == state.now.patient && study.study_id == state.now.study
    const clock = new Clock(study)
    const seizures = study.n_seizures == 1 ? "1 seizure" : `${study.n_seizures} seizures`
    return make("div", {class: shown ? "study open" : "study"},
      make("button", {type: "button", "aria-current": shown ? "true" : null, onclick: () => choose(study)},
        make("span", {class: "line"}, make("b", {}, clock.known ? `${clock.date(0)} ${clock.text(0).slice(0, 5)}` : "no clock time"),
          make("span", {}, elapsed(study.duration) + (study.closed ? "" : " · open"))),
        make("span", {class: "line"}, make("span", {class: "cut"}, study.study_id),
          study.n_seizures ? make("span", {class: "seizure"}, seizures) : null)),
      shown ? hours(study, clock) : null)
  }

  /** The hours of a study, by day; a click goes there. */
  const hours = (study, clock) => {
    if (study.duration <= HOUR) {
      return null
    }
    const days = new Map()
    const first = clock.known ? HOUR - ((clock.at(0).getTime() / 1000) % HOUR) : HOUR
    for (let at = 0; at < study.duration; at = at == 0 ? first : at + HOUR) {
      const day = clock.known ? clock.weekday(at) : `day ${Math.floor(at / HOUR / 24) + 1}`
      days.set(day, [...(days.get(day) ?? []), at])
    }
    return make("div", {class: "days"}, ...[...days].map(([day, starts]) => make("div", {class: "day"},
      make("i", {}, day), make("div", {}, ...starts.map((at) => make("button", {type: "button", "data-hour": at,
        title: `${clock.text(at)}, ${elapsed(at)} from the start`, onclick: () => moves.to(at)}, clock.text(at).slice(0, -6) || "0"))))))
  }

  const choose = (study) => open(new URLSearchParams({patient: study.patient_id, study: study.study_id}), {})

  scene.on(["studies"], show)
  state.on(["patient", "study"], show)
  show()
}
