// The list of studies: patients, their studies, the days and hours of the one that is open.

import {make, place} from "./dom.js"
import {Clock, elapsed} from "./times.js"

const HOUR = 3600 // [s]

const counted = (seizures) => (seizures == 1 ? "1 seizure" : `${seizures} seizures`)

export function list({state, scene, moves, open}) {
  const box = place("studies")
  const show = () => {
    const {studies} = scene.now
    const focused = [...box.querySelectorAll("button")].indexOf(document.activeElement)
    const patients = [...new Set(studies.map((study) => study.patient_id))]
    box.replaceChildren(...patients.map((patient) =>
      make("section", {}, make("h3", {class: "cut"}, patient),
        ...studies.filter((study) => study.patient_id == patient).map(one))))
    here()
    box.querySelectorAll("button")[focused]?.focus()
  }

  const one = (study) => {
    const shown = study.patient_id == state.now.patient && study.study_id == state.now.study
    const clock = new Clock(study)
    return make("div", {class: shown ? "study open" : "study"},
      make("button", {type: "button", "aria-current": shown ? "true" : null, onclick: () => choose(study)},
        make("span", {class: "line"}, make("b", {}, clock.known ? `${clock.date(0)} ${clock.text(0).slice(0, 5)}` : "no clock time"),
          make("span", {}, elapsed(study.duration) + (study.closed ? "" : " · open"))),
        make("span", {class: "line"}, make("span", {class: "cut"}, study.study_id),
          study.n_seizures ? make("span", {class: "seizure"}, counted(study.n_seizures)) : null)),
      shown ? days(clock) : null)
  }

  /** The days and hours of the open study in which something is stored; a click goes there. */
  const days = (clock) => {
    const {days, hours} = scene.now.tally ?? {days: [], hours: []}
    if (hours.length < 2) {
      return null
    }
    const dayOf = (hour) => (hour.clock ? hour.clock.slice(0, 10) : Math.floor(hour.start / HOUR / 24) + 1)
    return make("div", {class: "days"}, ...days.map((day) => {
      const own = hours.filter((hour) => dayOf(hour) == (day.date ?? day.number))
      return make("div", {class: "day"},
        make("div", {class: "line"}, make("i", {}, day.date ? clock.weekday(own[0]?.start ?? 0) : `day ${day.number}`),
          make("i", {}, day.seconds < HOUR ? `${Math.round(day.seconds / 60)} min` : `${(day.seconds / HOUR).toFixed(1)} h`),
          day.n_seizures ? make("span", {class: "seizure"}, counted(day.n_seizures)) : null),
        make("div", {class: "hours"}, ...own.map((hour) => hourOf(hour, clock))))
    }))
  }

  const hourOf = ({start, clock: showed, seconds, n_seizures}, clock) => {
    const at = Math.max(0, start)
    const words = `${clock.text(at)}, ${elapsed(at)} from the start, ${Math.round(seconds / 60)} min stored`
    return make("button", {type: "button", "data-start": start, class: n_seizures ? "seizure" : null,
      title: n_seizures ? `${words}, ${counted(n_seizures)}` : words, onclick: () => moves.to(at)},
      showed ? showed.slice(11, 13) : String(Math.floor(start / HOUR)), n_seizures ? make("sup", {}, n_seizures) : null)
  }

  /** Mark the hour of the page. */
  const here = () => {
    for (const hour of box.querySelectorAll("[data-start]")) {
      const from = Number(hour.dataset.start)
      hour.classList.toggle("now", state.now.start >= from && state.now.start < from + HOUR)
    }
  }

  const choose = (study) => open(new URLSearchParams({patient: study.patient_id, study: study.study_id}), {})

  scene.on(["studies", "tally"], show)
  state.on(["start"], here)
  state.on(["patient", "study"], show)
  show()
}
