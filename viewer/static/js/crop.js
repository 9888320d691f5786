// A stretch of the study as EDF+ files, one for each recording that it touches.

import {button, make, place} from "./dom.js"
import {seek} from "./times.js"

/** What of each recording lies between two times of the study: whole seconds of the recording. */
export function parts(study, from, to) {
  return study.recordings.map(({recording_id, offset, duration}) => ({
    recording_id,
    start: Math.max(0, Math.floor(from - offset + 1e-6)),
    end: Math.min(Math.ceil(duration), Math.ceil(to - offset - 1e-6)),
  })).filter(({start, end}) => start < end)
}

export function crop({state, scene, api, menu}) {
  const box = make("dialog", {id: "crop", "aria-label": "Crop to EDF+"})
  const from = make("input", {type: "text", name: "from", "aria-label": "From"})
  const to = make("input", {type: "text", name: "to", "aria-label": "To"})
  const files = make("div", {class: "commands"})
  place("dialogs").append(box)

  const show = () => {
    const {study} = scene.now
    try {
      const [start, stop] = [from, to].map(({value}) => seek(value, study.clock, state.now.start, study.duration))
      const found = parts(study, start, stop)
      files.replaceChildren(...found.map(({recording_id, start, end}) => {
        const path = ["recordings", state.now.patient, recording_id, "edf"].map(encodeURIComponent).join("/")
        return make("a", {href: api.url(path, {start, end}), download: true}, `${recording_id}, ${start} to ${end} s`)
      }))
      if (found.length == 0) {
        files.replaceChildren("Nothing is recorded there.")
      }
    } catch (error) {
      files.replaceChildren(error.message)
    }
  }
  from.oninput = to.oninput = show
  const open = () => {
    const {start, duration} = state.now
    from.value = `+${start}`
    to.value = `+${Math.min(start + duration, scene.now.study.duration)}`
    box.replaceChildren(make("h2", {}, "Crop to EDF+"),
      make("p", {}, "As recorded: no montage, no filters. Clock times, or seconds from the start."),
      make("label", {}, "From", from, "to", to), files, make("form", {method: "dialog"}, make("button", {}, "Close")))
    show()
    box.showModal()
  }
  menu.add("Crop to EDF+…", () => scene.now.study && open())
}
