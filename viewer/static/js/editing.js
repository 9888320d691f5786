// The dialog of an event: words, time, length, channels, status, and what it was before.

import {make, place} from "./dom.js"
import {landed} from "./landing.js"
import {ownRows} from "./rows.js"
import {elapsed, seek} from "./times.js"

const STATUSES = ["confirmed", "proposed", "rejected"]
const DIGITS = 6 // of seconds

/** Brings `viewer.edit(key)` for an event that there is, and `viewer.edit(null, draft)` for a new one. */
export function editing(viewer) {
  const {state, scene, api, marks, tell} = viewer
  const box = make("dialog", {id: "event", "aria-label": "Event"})
  const text = (name, label, more = {}) => make("input", {name, type: "text", "aria-label": label, autocomplete: "off", ...more})
  const description = text("description", "Description", {list: "event-classes", maxlength: 10000})
  const means = make("i", {class: "means"})
  const onset = text("onset", "Onset", {oninput: () => tellTime()}), duration = text("duration", "Duration in seconds", {placeholder: "none: a moment"})
  const status = make("select", {name: "status", "aria-label": "Status"}, ...STATUSES.map((one) => make("option", {value: one}, one)))
  const names = make("datalist", {id: "event-classes"})
  const everywhere = make("input", {type: "checkbox", name: "everywhere", onchange: () => list.classList.toggle("off", everywhere.checked)})
  const list = make("div", {class: "channels"})
  const wrong = make("p", {class: "warning", role: "alert"})
  const past = make("div", {class: "past"})
  const save = make("button", {type: "submit"}, "Save")
  const form = make("form", {method: "dialog", onsubmit: (event) => {
    event.preventDefault()
    void keep()
  }}, save, make("button", {type: "button", onclick: () => box.close()}, "Cancel"))
  const field = (words, ...content) => make("label", {}, make("span", {}, words), ...content)
  form.prepend(field("Description", description), field("Onset", onset, means), field("Duration", duration, "s"), field("Status", status),
    make("div", {class: "where"}, make("label", {}, everywhere, "all channels"), list), wrong)
  box.append(make("h2", {}, "Event"), form, past, names)
  place("dialogs").append(box)

  let key = null, before = null // what was there, or the draft of what will be

  viewer.edit = (one, draft = null) => {
    const {study} = scene.now
    key = one
    before = one == null ? {channels: [], status: "confirmed", source: "user", ...draft} : marks.entry(one)
    if (study == null || before == null) {
      return
    }
    const recording = study.recordings.find(({recording_id}) => recording_id == before.recording_id)
    names.replaceChildren(...state.now.classes.map(({name}) => make("option", {value: name})))
    description.value = before.description
    onset.value = `+${elapsed(recording.offset + before.onset, DIGITS).replace(/\.?0+$/, "")}`
    onset.title = "Clock time 22:30:10.5, or +0:49:56.5 from the start"
    tellTime()
    duration.value = before.duration == null ? "" : String(before.duration)
    status.value = before.status
    everywhere.checked = before.channels.length == 0
    list.classList.toggle("off", everywhere.checked)
    list.replaceChildren(...study.channels.map(({label}, row) => make("label", {}, make("input", {type: "checkbox", value: row,
      checked: before.channels.some((own) => study.rows[before.recording_id][own] == row)}), label)))
    onset.dataset.before = onset.value
    wrong.textContent = ""
    past.replaceChildren()
    box.showModal()
    description.focus()
    if (one != null) {
      void history(before)
    }
  }

  /** The clock time of the onset beside it, as the list of events has it. */
  const tellTime = () => {
    const {clock, duration: extent} = scene.now.study
    means.textContent = ""
    try {
      const at = seek(onset.value, clock, state.now.start, extent)
      means.textContent = clock.known ? `${clock.weekday(at)} ${clock.text(at, 3)}` : ""
    } catch { // said when it is kept
    }
  }

  /** What the fields say; an Error names the one that is wrong. */
  const said = () => {
    const {study, page} = scene.now
    const chosen = everywhere.checked ? [] : [...list.querySelectorAll("input:checked")].map(({value}) => Number(value))
    if (!everywhere.checked && chosen.length == 0) {
      throw new Error("No channel is chosen; choose one, or all channels.")
    }
    const length = duration.value.trim() == "" ? 0 : Number(duration.value)
    if (!(length >= 0)) {
      throw new Error(`Duration ${duration.value} is no number of seconds.`)
    }
    const words = {description: description.value.trim(), status: status.value}
    const rowsIn = ({recording_id}) => ownRows(study, recording_id, chosen)
    if (onset.value == onset.dataset.before) { // a time that nobody has touched is not moved to a sample
      const {recording_id} = before
      return {...words, recording_id, onset: before.onset, duration: length > 0 ? length : null, channels: rowsIn({recording_id})}
    }
    const start = seek(onset.value, study.clock, state.now.start, study.duration)
    return {...words, ...landed(study, page, start, start + length, rowsIn)}
  }

  const keep = async () => {
    let what
    try {
      what = said()
    } catch (error) {
      wrong.textContent = error.message
      return
    }
    box.close()
    const done = await (key == null ? marks.add(what) : marks.change(key, what))
    if (done != null) {
      scene.set({chosen: done, selection: null})
    }
  }

  /** All versions, the latest first. */
  const history = async ({annotation_id}) => {
    try {
      const {annotations} = await api.json(`/annotations/${annotation_id}/history`, {patient_id: scene.now.study.patient_id})
      past.replaceChildren(make("h3", {}, annotations.length == 1 ? "As it was made" : "Versions"),
        ...annotations.reverse().map((one) => make("p", {class: one.status},
          make("i", {}, new Date(one.created_at).toLocaleString("en-GB")), ` ${one.author ?? one.source}: `,
          make("b", {}, one.description || "no words"), ` ${one.status}, onset ${one.onset} s` +
          (one.duration == null ? "" : `, ${one.duration} s long`))))
    } catch (error) {
      tell("hint", `What it was before cannot be read: ${error.message}`)
    }
  }
}
