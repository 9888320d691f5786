// Moving: every way from one page to another goes through here.

import {elapsed} from "./times.js"
import {around, before, following, lastStart, moved, overHole, within} from "./turn.js"

/** What moves the page; `study` is null until one is known, and then nothing moves. */
export class Moves {
  #viewer

  constructor(viewer) {
    this.#viewer = viewer
  }

  get #extent() {
    return this.#viewer.scene.now.study?.duration ?? null
  }

  /** A move of `turn.moved`. */
  by(move) {
    const {start, duration} = this.#viewer.state.now
    const way = {next: 1, previous: -1}[move]
    const beyond = way && this.#extent != null ? overHole(start, duration, this.#viewer.scene.now.study.recordings, way) : null
    if (beyond != null) {
      this.#to(() => beyond, true)
      this.#viewer.tell("hint", `Nothing is recorded for ${elapsed(Math.abs(beyond - start) - duration)}: gone over that.`)
      return
    }
    this.#to((extent) => moved(start, duration, extent, move), move == "home" || move == "end")
  }

  /** The page that starts at a second. */
  to(second) {
    this.#to((extent) => within(second, this.#viewer.state.now.duration, extent), true)
  }

  /** As `to`, without an entry in the history: dragging. */
  slide(second) {
    this.#to((extent) => within(second, this.#viewer.state.now.duration, extent), false)
  }

  /** The page with a second in its middle. */
  around(second) {
    this.#to((extent) => around(second, this.#viewer.state.now.duration, extent), true)
  }

  /** The page that shows an onset. */
  before(onset) {
    this.#to((extent) => before(onset, this.#viewer.state.now.duration, extent), true)
  }

  /** Follow the end of what grows. */
  live() {
    const {duration} = this.#viewer.state.now
    if (this.#extent != null) {
      this.#viewer.state.set({start: following(duration, this.#extent), live: true})
    }
  }

  /** Another length of the page; it keeps its start where the study allows. */
  last(duration, paper = false) {
    const {state} = this.#viewer
    const {start, live} = state.now
    const extent = this.#extent ?? Infinity
    state.set({
      duration, paper,
      start: live ? following(duration, extent) : Math.min(start, lastStart(duration, extent)),
    })
  }

  #to(where, far) {
    const {state, trail} = this.#viewer
    if (this.#extent == null) {
      return
    }
    const start = where(this.#extent)
    if (far && start != state.now.start) {
      trail.leave()
    }
    this.#viewer.tell("hint", "")
    state.set({start, live: false})
  }
}
