// The address of what is on the screen, and the way back to where one was.

import {read, written} from "./address.js"

const PAUSE = 200 // [ms]; browsers refuse addresses that change faster for long

export class Trail {
  #viewer
  #timer = null

  constructor(viewer) {
    this.#viewer = viewer
    viewer.state.on(null, () => {
      clearTimeout(this.#timer)
      this.#timer = setTimeout(() => this.write(), PAUSE)
    })
    window.addEventListener("popstate", () => this.#came())
    window.addEventListener("pagehide", () => this.write())
  }

  /** Write the address now. */
  write() {
    clearTimeout(this.#timer)
    if (this.#viewer.scene.now.study != null) {
      history.replaceState({index: this.#index}, "", this.address)
    }
  }

  /** The link to what is on the screen. */
  get address() {
    return `${location.pathname}?${written(this.#viewer.state.now, this.#viewer.scene.now.study)}`
  }

  /** Before a jump: what is on the screen now can be come back to. */
  leave() {
    this.write()
    history.pushState({index: this.#index + 1}, "", location.href)
  }

  back() {
    if (this.#index > 0) {
      this.write()
      history.back()
    }
  }

  forward() {
    this.write()
    history.forward()
  }

  get #index() {
    return history.state?.index ?? 0
  }

  #came() {
    clearTimeout(this.#timer)
    const query = new URLSearchParams(location.search)
    this.#viewer.open(query, read(query, this.#viewer.offers))
  }
}
