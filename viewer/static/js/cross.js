// The crosshair with its readings, and the ruler between two of its places.

import {make, place} from "./dom.js"
import {across, rowAt} from "./glass.js"
import {nearest, ruled, worded} from "./reading.js"
import {elapsed} from "./times.js"

const STEP = 0.005 // of the page, by key
const LOOK = ["montage", "lff", "hff", "notch", "phase", "bad", "patient", "study"] // all that changes values

/**
 * Brings `viewer.cursor()`: the spot of the crosshair {second, row, value, unit, label}; null when it is
 * off. `viewer.rule()` sets the ruler's next cursor there.
 */
export function cross(viewer) {
  const {state, scene, keys, glass, models} = viewer
  state.add({cross: false})
  scene.add({cursor: {x: 0.5, y: 0}, ruler: null})
  const lines = make("div", {class: "cross", hidden: true})
  const at = make("i", {class: "at"}), level = make("i", {class: "level"}), dot = make("i", {class: "dot"})
  const first = make("i", {class: "first", hidden: true}), second = make("i", {class: "first", hidden: true})
  const words = make("div", {class: "words", role: "status"})
  lines.append(at, level, first, second, dot, words)
  place("over").append(lines)

  viewer.cursor = () => {
    const {page, layout, cursor, height} = scene.now
    if (!state.now.cross || page == null || !layout?.rows.length) {
      return null
    }
    const row = rowAt(layout, cursor.y * height)
    const x = cursor.x * (page.stop - page.start)
    const point = nearest(page.traces[row.index], x)
    return {second: page.start + (point?.x ?? x), row, point, value: point?.value ?? null,
      unit: row.trace.unit, label: row.trace.label}
  }

  const show = () => {
    const spot = viewer.cursor()
    lines.hidden = spot == null
    if (spot == null) {
      return
    }
    const {page, study, layout, ruler, width} = scene.now
    const {clock} = study
    const left = across(page, spot.second)
    const k = layout.rows.indexOf(spot.row)
    const {px, up, baseline} = models.traces.data
    const y = spot.row.centre - (spot.value == null ? 0 : up[k] * px[k] * (spot.value - baseline[k]))
    at.style.left = dot.style.left = `${left}%`
    level.style.top = dot.style.top = `${y}px`
    dot.hidden = spot.value == null
    const when = clock.known ? `${clock.text(spot.second, 3)} · ${elapsed(spot.second, 3)}` : elapsed(spot.second, 3)
    const cursors = [[first, ruler?.first], [second, ruler?.second]]
    for (const [line, cursor] of cursors) {
      line.hidden = cursor == null || cursor.second < page.start || cursor.second > page.stop
      line.style.left = line.hidden ? "0" : `${across(page, cursor.second)}%`
    }
    const rule = ruler && ruled(ruler.first, ruler.second ?? spot, spot.label)
    words.replaceChildren(make("span", {}, when), make("span", {}, `${spot.row.trace.label}  `,
      make("b", {}, worded(spot.point, spot.unit))), ...(rule ? [make("span", {class: "rule"}, rule)] : []))
    words.style.left = left > 50 ? "" : `calc(${left}% + 10px)`
    words.style.right = left > 50 ? `calc(${100 - left}% + 10px)` : ""
    words.style.top = `${Math.max(2, Math.min(spot.row.centre + 14, scene.now.height - 64))}px`
    words.hidden = width < 200
  }

  const rule = () => {
    state.set({cross: true})
    const {ruler} = scene.now
    const {row, ...spot} = viewer.cursor() ?? {}
    if (row != null) {
      scene.set({ruler: ruler == null ? {first: spot, second: null} : ruler.second == null ? {...ruler, second: spot} : null})
    }
  }

  viewer.rule = rule

  /** Move by key: along time, or to the next trace; with `selecting` the way is selected. */
  const move = (dx, dy, selecting = false) => {
    state.set({cross: true})
    const before = viewer.cursor()
    if (before == null) {
      return
    }
    const {page, layout, cursor, height, selection} = scene.now
    const k = layout.rows.indexOf(before.row)
    const row = layout.rows[Math.min(Math.max(k + dy, 0), layout.rows.length - 1)]
    const x = Math.min(Math.max(cursor.x + dx * STEP, 0), 1)
    scene.set({cursor: {x, y: row.centre / height}})
    if (selecting) {
      const to = page.start + x * (page.stop - page.start)
      const held = selection?.anchor ?? before.second
      viewer.select(Math.min(held, to), Math.max(held, to), row, false, held)
    }
  }

  glass.on("hover", (spot) => spot && scene.set({cursor: {x: spot.x / scene.now.width, y: spot.y / scene.now.height}}))
  glass.on("drag", (_, to) => to && scene.set({cursor: {x: to.x / scene.now.width, y: to.y / scene.now.height}}))
  scene.on(["cursor", "page", "layout", "ruler"], show)
  state.on(LOOK, () => scene.set({ruler: null})) // its values are no longer those on the screen
  state.on(["cross"], (now) => {
    if (!now.cross) {
      scene.set({ruler: null})
    }
    show()
  })

  const key = (names, words, run) => ({keys: names, words, group: "Reading", repeats: true, run})
  const way = ({key: name}) => (/Left|Up/.test(name) ? -1 : 1)
  keys.add(
    {keys: ["x"], words: "Crosshair: time and value", group: "Reading", run: () => state.set({cross: !state.now.cross})},
    {keys: ["r"], words: "Ruler: first cursor, second, away", group: "Reading", run: rule},
    key(["Ctrl+ArrowLeft", "Ctrl+ArrowRight"], "Move the crosshair", (event) => move(way(event), 0)),
    key(["Ctrl+ArrowUp", "Ctrl+ArrowDown"], "To another trace", (event) => move(0, way(event))),
    key(["Ctrl+Shift+ArrowLeft", "Ctrl+Shift+ArrowRight"], "Move it, selecting", (event) => move(way(event), 0, true)),
  )
}
