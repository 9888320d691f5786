// The list of events: filtered, as long as it may be, and from one event to the next.

import {OTHER, dye, isSeizure, kindsOf} from "./classes.js"
import {button, choice, choose, make, offer, place} from "./dom.js"
import {filtered, isPoint, neighbour} from "./events.js"
import {icon} from "./icons.js"
import {elapsed} from "./times.js"

const ROW = 22 // [px]
const MORE = 6 // rows beyond those that are seen
const STATUSES = [["", "any status"], ["confirmed", "confirmed"], ["proposed", "proposed"], ["rejected", "rejected"]]

export function eventlist(viewer) {
  const {state, scene, moves, keys, tell} = viewer
  state.add({filter: {text: "", kind: "", status: ""}})
  const narrow = (changes) => state.set({filter: {...state.now.filter, ...changes}})

  const count = make("span")
  const text = make("input", {name: "filter", type: "text", placeholder: "filter", "aria-label": "Events with these words",
    autocomplete: "off", spellcheck: "false", oninput: () => narrow({text: text.value}),
    onkeydown: (event) => void (event.key == "Escape" && narrow({text: (text.value = "")}))})
  const kind = choice("kind", "Kind of event", [], (value) => narrow({kind: value}))
  const status = choice("status", "Status", STATUSES, (value) => {
    narrow({status: value})
    if (value == "rejected") {
      state.set({rejected: true})
    }
  })
  const rejected = make("input", {type: "checkbox", name: "rejected",
    onchange: () => state.set({rejected: rejected.checked})})
  const rows = make("div", {class: "rows"})
  const box = make("div", {class: "list", role: "listbox", tabindex: "0", "aria-label": "Events"}, rows)
  const step = (sign, title, way) => button(`event-${sign}`, icon(sign), title, () => go(way, list))
  place("events").append(
    make("h2", {}, "Events ", count, make("span", {class: "steps"},
      step("previous", "Previous event (,)", -1), step("next", "Next event (.)", 1))),
    make("div", {class: "filter"}, text, kind, status,
      make("label", {title: "Show rejected events, too"}, rejected, "rejected")),
    box)

  let list = []
  let at = -1 // the row that the keyboard is on

  const gather = () => {
    const {events} = scene.now
    const {classes, filter} = state.now
    const kindOf = kindsOf(classes)
    offer(kind, [["", "any kind"], ...[...classes, OTHER].map(({name}) => [name, name])])
    choose(kind, filter.kind)
    choose(status, filter.status)
    rejected.checked = state.now.rejected
    const there = state.now.rejected ? events.all : events.all.filter((one) => one.status != "rejected")
    list = filtered(there, filter, kindOf)
    count.textContent = list.length == there.length ? String(there.length) : `${list.length} of ${there.length}`
    rows.style.height = `${ROW * list.length}px`
    find()
    show()
  }

  const find = () => {
    at = list.findIndex(({key}) => key == scene.now.chosen)
    if (at >= 0) {
      seen(at)
    }
  }

  const seen = (index) => {
    const top = ROW * index
    if (top < box.scrollTop || top + ROW > box.scrollTop + box.clientHeight) {
      box.scrollTop = top - box.clientHeight / 2
    }
  }

  const show = () => {
    const first = Math.max(0, Math.floor(box.scrollTop / ROW) - MORE)
    const last = Math.min(list.length, Math.ceil((box.scrollTop + box.clientHeight) / ROW) + MORE)
    const kindOf = kindsOf(state.now.classes)
    rows.replaceChildren(...list.slice(first, last).map((one, k) => row(one, first + k, kindOf)))
    box.setAttribute("aria-activedescendant", at < 0 ? "" : `event-${at}`)
  }

  const row = (one, index, kindOf) => {
    const {clock} = scene.now.study
    const color = dye(kindOf(one.description))
    const title = [one.description, `${clock.date(one.start)} ${clock.text(one.start, 3)}`, `${elapsed(one.start, 3)} from the start`,
      one.status, one.author ?? one.source]
    return make("div", {
      id: `event-${index}`, role: "option", class: `${one.status}${index == at ? " at" : ""}`,
      "aria-selected": String(one.key == scene.now.chosen), style: `top:${ROW * index}px`, title: title.filter((part) => part.trim()).join("\n"),
      onclick: () => jump(one), onmousedown: (event) => event.preventDefault(), // the keys stay with the page
    }, make("i", {class: "swatch", style: `background:${color}`}), make("span", {class: "time"}, days(one.start), clock.text(one.start)),
    make("span", {class: "cut"}, one.description || "no words"), make("span", {class: "length"}, isPoint(one) ? "" : lasting(one.duration)))
  }

  /** The day of the month, where a study has more than one. */
  const days = (second) => {
    const {clock, duration} = scene.now.study
    return clock.known && clock.date(0) != clock.date(duration) ? `${clock.at(second).getUTCDate()} · ` : ""
  }

  const jump = (one) => {
    scene.set({chosen: one.key})
    moves.before(one.start)
  }

  /** To the event of a list that comes next as seen from here. */
  const go = (way, among) => {
    const {page, chosen, events} = scene.now
    if (page == null) {
      return
    }
    const {start, duration} = state.now
    const one = neighbour(among, way, {start, stop: start + duration}, events.all.find(({key}) => key == chosen))
    if (one == null) {
      tell("hint", way > 0 ? "There is no such event further on." : "There is no such event before.")
    } else {
      jump(one)
    }
  }
  const seizures = () => scene.now.events.all.filter(({status: now, description}) => now != "rejected" && isSeizure(description))

  box.addEventListener("scroll", show)
  box.addEventListener("keydown", (event) => {
    const page = Math.max(1, Math.floor(box.clientHeight / ROW) - 1)
    const steps = {ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity}
    if (event.key in steps && list.length) {
      event.preventDefault()
      at = Math.min(Math.max(at + steps[event.key], 0), list.length - 1)
      seen(at)
      show()
    } else if (event.key == "Enter" && list[at] != null) {
      jump(list[at])
    }
  })
  new ResizeObserver(show).observe(box)

  scene.on(["events"], gather)
  state.on(["filter", "rejected", "classes"], gather)
  scene.on(["chosen"], () => {
    find()
    show()
  })
  gather()

  keys.add(
    {keys: ["."], words: "Next event of the list", group: "Events", run: () => go(1, list)},
    {keys: [","], words: "Previous event of the list", group: "Events", run: () => go(-1, list)},
    {keys: ["/"], words: "Filter the events", group: "Events", run: () => text.focus()},
    {keys: [":", ">"], words: "Next seizure", group: "Events", run: () => go(1, seizures())},
    {keys: [";", "<"], words: "Previous seizure", group: "Events", run: () => go(-1, seizures())},
  )
}

/** How long something lasts: "0.250 s", "40 s", "0:12:30". */
export function lasting(seconds) {
  if (seconds >= 100) {
    return elapsed(seconds)
  }
  return `${seconds < 1 ? seconds.toFixed(2) : Number(seconds.toFixed(1))} s`
}
