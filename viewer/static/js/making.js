// Making events: of a selection, at the crosshair, from here to there; one key for each class.

import {make, place} from "./dom.js"
import {across} from "./glass.js"
import {rowsMeant} from "./labels.js"
import {landed} from "./landing.js"
import {ownRows} from "./rows.js"

const MAKE = "Mark the selection, else at the crosshair or the middle"

/** Brings `viewer.makes(kind)`: an event of that class where the reader is. */
export function making(viewer) {
  const {state, scene, keys, marks, glass, menu} = viewer
  scene.add({begun: null}) // {name, start}: an event whose end is still to come
  const since = make("i", {class: "begun", hidden: true})
  place("over").append(since)

  /** A place on the page: the selection, else the crosshair, else the middle. */
  const here = () => {
    const {page, selection} = scene.now
    if (selection != null) {
      return {start: selection.start, stop: selection.stop, rows: selection.rows, label: selection.label}
    }
    const spot = viewer.cursor()
    const second = spot?.second ?? (page.start + page.stop) / 2
    return {start: second, stop: second, rows: spot?.row.trace.rows ?? [], label: spot?.row.trace.label}
  }

  const add = async (kind, {start, stop, rows, label}) => {
    const {study, page} = scene.now
    const meant = kind.own && rows.length ? rowsMeant({label, rows}, study.channels) : []
    const where = landed(study, page, start, stop, ({recording_id}) => ownRows(study, recording_id, meant))
    if (kind.ask) {
      viewer.edit(null, {...where, description: `${kind.name}: `})
      return
    }
    const key = await marks.add({...where, description: kind.name})
    if (key != null) {
      scene.set({selection: null, chosen: key})
    }
  }

  viewer.makes = (kind) => scene.now.page != null && void add(kind, here())

  /** What lasts longer than a page: begun at one place and ended at another. */
  const lasts = (kind) => {
    const {page, begun} = scene.now
    if (page == null) {
      return
    }
    const {start} = here()
    if (begun?.name != kind.name) {
      scene.set({begun: {name: kind.name, start}})
    } else {
      scene.set({begun: null})
      void add({...kind, own: false}, {start: Math.min(begun.start, start), stop: Math.max(begun.start, start), rows: []})
    }
  }
  viewer.lasts = lasts

  let entries = []
  const offer = () => {
    keys.drop(entries)
    const taken = new Set(keys.table.flatMap((entry) => entry.keys))
    entries = state.now.classes.filter(({key}) => key && !taken.has(key)).map((kind) => ({
      keys: [kind.key, `Shift+${kind.key}`], words: `${kind.name}; with Shift from here … to here`, group: MAKE,
      run: (event) => (event.shiftKey ? lasts : viewer.makes)(kind),
    }))
    keys.add(...entries)
  }
  state.on(["classes"], offer)
  queueMicrotask(offer) // when all others have their keys: these are a reader's own, and yield

  const show = () => {
    const {page, begun} = scene.now
    since.hidden = begun == null || page == null || begun.start < page.start || begun.start > page.stop
    if (!since.hidden) {
      since.style.left = `${across(page, begun.start)}%`
    }
  }
  scene.on(["begun", "page"], show)
  state.on(["patient", "study"], () => scene.set({begun: null}))
}
