// Handles at the edges of the chosen event: dragged, they move its onset and its end.

import {make, place} from "./dom.js"
import {isPoint} from "./events.js"
import {across} from "./glass.js"
import {landed} from "./landing.js"
import {ownRows, rowsOfEntry} from "./rows.js"

export function handles({scene, marks, glass, tell}) {
  const over = place("over")
  const ghost = make("div", {class: "ghost", hidden: true})
  over.append(ghost)

  const handle = (edge) => {
    const grip = make("div", {class: `grip ${edge}`, hidden: true})
    let to = null
    grip.addEventListener("pointerdown", (event) => {
      event.stopPropagation()
      grip.setPointerCapture(event.pointerId)
      to = null
    })
    grip.addEventListener("pointermove", (event) => {
      const one = marks.entry(scene.now.chosen)
      const spot = glass.spot(event)
      if (grip.hasPointerCapture(event.pointerId) && one != null && spot != null) {
        to = moved(one, edge, spot.second)
        draw(to)
      }
    })
    grip.addEventListener("pointerup", () => {
      const {study, page, chosen} = scene.now
      const one = marks.entry(chosen)
      if (to != null && one != null) {
        const rows = rowsOfEntry(study, one)
        const where = landed(study, page, to.start, to.stop, ({recording_id}) => ownRows(study, recording_id, rows))
        const kept = edge == "stop" ? {duration: where.duration} : {onset: where.onset, duration: where.duration,
          recording_id: where.recording_id, channels: where.channels}
        void marks.change(chosen, kept).then((key) => {
          if (key != null) {
            scene.set({chosen: key})
          }
          show()
        })
      }
      to = null
    })
    grip.addEventListener("pointercancel", () => {
      to = null
      show()
    })
    over.append(grip)
    return grip
  }
  const start = handle("start"), stop = handle("stop")

  /** The event with an edge elsewhere; edges do not pass each other, and a moment moves as a whole. */
  const moved = (one, edge, second) => {
    if (isPoint(one)) {
      return {start: second, stop: second}
    }
    return edge == "start" ? {start: Math.min(second, one.stop), stop: one.stop} : {start: one.start, stop: Math.max(second, one.start)}
  }

  const draw = (span) => {
    const {page} = scene.now
    const there = (second) => second >= page.start && second <= page.stop
    start.hidden = span == null || !there(span.start)
    stop.hidden = span == null || span.start == span.stop || !there(span.stop)
    ghost.hidden = span == null
    if (span != null) {
      start.style.left = `${across(page, span.start)}%`
      stop.style.left = `${across(page, span.stop)}%`
      ghost.style.left = start.style.left
      ghost.style.width = `${across(page, page.start + span.stop - span.start)}%`
    }
  }
  const show = () => {
    const one = marks.entry(scene.now.chosen)
    draw(scene.now.page == null || one == null || one.status == "rejected" ? null : one)
    ghost.hidden = true
  }
  scene.on(["chosen", "events", "page"], show)
}
