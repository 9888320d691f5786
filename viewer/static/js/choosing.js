// The chosen event: chosen with a click, told below the list, confirmed, rejected, undone.

import {dye, kindsOf} from "./classes.js"
import {button, make, place} from "./dom.js"
import {isPoint, touches} from "./events.js"
import {lasting} from "./eventlist.js"
import {rowsShown, shownOn} from "./shade.js"

const NEAR = 5 // [px] from a line that somebody wants to hit

export function choosing(viewer) {
  const {state, scene, keys, marks, glass, tell} = viewer
  const bar = make("div", {class: "chosen", hidden: true})
  place("events").append(bar)

  /** The shortest of the events under the pointer. */
  const under = ({second, row}) => {
    const {page, layout, events, study, width} = scene.now
    const near = (NEAR / width) * (page.stop - page.start)
    const found = shownOn(events, {start: second - near, stop: second + near}, state.now.rejected).filter((one) => {
      const rows = rowsShown(one, study, layout)
      return rows == null || rows.some(({index}) => index == row.index)
    })
    return found.reduce((best, one) => (best == null || one.stop - one.start < best.stop - best.start ? one : best), null)
  }
  glass.on("click", (spot) => {
    if (scene.now.ruler?.second === null) {
      viewer.rule()
    } else if (spot != null) {
      scene.set({selection: null, chosen: under(spot)?.key ?? null})
    }
  })
  glass.on("double", (spot) => {
    const one = spot && under(spot)
    if (one != null) {
      viewer.edit(one.key)
    }
  })

  const isChosen = () => {
    if (scene.now.chosen == null) {
      tell("hint", "No event is chosen: click one, or go to the next with . (a full stop)")
    }
    return scene.now.chosen != null
  }
  const status = (to) => () => {
    if (isChosen()) {
      void marks.change(scene.now.chosen, {status: to})
    }
  }
  const confirm = status("confirmed"), propose = status("proposed"), reject = status("rejected")
  /** By key, which may be hit by mistake, only where the event is in view. */
  const inView = (act) => () => {
    const one = marks.entry(scene.now.chosen), {page, study} = scene.now
    if (one != null && !touches(one, page)) {
      tell("hint", `The chosen event, ${one.description || "no words"} at ${study.clock.text(one.start)}, is not on this page`)
      return
    }
    act()
  }
  const edit = () => isChosen() && viewer.edit(scene.now.chosen)
  const away = () => scene.set({chosen: null, selection: null, begun: null, ruler: null})
  const recall = (act) => async () => {
    const key = await act()
    if (key != null) {
      scene.set({chosen: key})
    }
  }

  const show = () => {
    const one = marks.entry(scene.now.chosen)
    const {begun, study} = scene.now
    bar.hidden = one == null && begun == null
    if (bar.hidden) {
      return
    }
    if (begun != null) {
      const kind = state.now.classes.find(({name}) => name == begun.name)
      bar.replaceChildren(make("b", {}, `${begun.name} since ${study.clock.text(begun.start, 1)}`),
        make("div", {class: "commands"}, button("end", `Ends here`, `Ends here (Shift+${kind?.key})`, () => viewer.lasts(kind)),
          button("away", "Give up", "Give up (Esc)", away)))
      return
    }
    const color = dye(kindsOf(state.now.classes)(one.description))
    const where = one.channels.length == 0 ? "all channels" : one.channels.map((row) =>
      study.recordings.find(({recording_id}) => recording_id == one.recording_id).channels[row]?.label ?? `row ${row}`).join(", ")
    const command = (name, words, title, run, to) => make("button", {type: "button", name, title, disabled: one.status == to, onclick: run}, words)
    bar.replaceChildren(
      make("b", {class: "cut", title: one.description, style: `border-color:${color}`}, one.description || "no words"),
      make("span", {}, [`${study.clock.text(one.start, 3)}`, isPoint(one) ? null : lasting(one.duration)].filter(Boolean).join(" · ")),
      make("span", {class: "cut", title: where}, where),
      make("span", {class: "cut"}, [one.status, one.author ?? one.source].join(" · ")),
      make("div", {class: "commands"}, command("edit", "Edit", "Edit (e)", edit),
        command("confirm", "Confirm", "Confirm (y)", confirm, "confirmed"), command("propose", "Propose", "Only proposed (q)", propose, "proposed"),
        command("reject", "Reject", "Reject (Delete)", reject, "rejected")))
  }
  scene.on(["chosen", "events", "begun"], show)
  state.on(["classes"], show)

  keys.add(
    {keys: ["e"], words: "Edit the chosen event", group: "Events", run: inView(edit)},
    {keys: ["y"], words: "Confirm the chosen event", group: "Events", run: inView(confirm)},
    {keys: ["q"], words: "Only propose it", group: "Events", run: inView(propose)},
    {keys: ["Delete", "Backspace"], words: "Reject the chosen event", group: "Events", run: inView(reject)},
    {keys: ["Ctrl+z"], words: "Undo", group: "Events", run: recall(() => marks.undo())},
    {keys: ["Ctrl+Shift+z", "Ctrl+y"], words: "Do again", group: "Events", run: recall(() => marks.redo())},
    {keys: ["Escape"], words: "Choose and select nothing", group: "Events", run: away},
  )
}
