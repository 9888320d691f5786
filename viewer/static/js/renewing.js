// A page on which more is stored by now: that part is fetched and put in its place.

import {Away} from "./api.js"
import {page as decoded} from "./frame.js"
import {minus, union, within} from "./spans.js"
import {spliced} from "./splice.js"

const LEAST = 1e-3 // [s]; less is the rounding of times
const PACE = 200, PAUSE = 1000 // [ms] before the next part, and before a store that is away is asked again

/** Keeps the page on the screen what the store has, once `scene.stored` says more is there. */
export class Renewing {
  #viewer
  #busy = false
  #tried = {query: null, spans: []} // what was asked for, whether or not there are samples

  constructor(viewer) {
    this.#viewer = viewer
    viewer.scene.on(["page", "stored"], () => this.#look())
    document.addEventListener("visibilitychange", () => this.#look())
  }

  #look() {
    const {page, stored} = this.#viewer.scene.now
    if (this.#busy || page == null || page.sealed || document.hidden) {
      return
    }
    if (this.#tried.query != page.query) {
      this.#tried = {query: page.query, spans: []}
    }
    const held = union([...page.spans, ...this.#tried.spans])
    const missing = minus(within(stored, page.start, page.stop), held)
      .filter(([start, stop]) => stop - start > LEAST)
    if (missing.length > 0) {
      void this.#renew(page, missing)
    }
  }

  async #renew(page, missing) {
    const {scene, turning} = this.#viewer
    let pause = PACE
    this.#busy = true
    try {
      const renewed = (await this.#part(page, missing)) ?? (await this.#whole(page))
      turning.pages.replace(renewed)
      if (scene.now.page == page) {
        scene.set({page: renewed})
      }
      this.#tried.spans.push(...missing)
    } catch (error) {
      if (error instanceof Away) {
        pause = PAUSE
      } else {
        this.#tried.spans.push(...missing) // refused, and would be again
      }
    }
    setTimeout(() => {
      this.#busy = false
      this.#look()
    }, pause)
  }

  /** The page with what is missing and all that feels it; null where columns of a part lie elsewhere. */
  async #part(page, missing) {
    if (page.traces.some(({per_column}) => per_column > 1)) {
      return null
    }
    const query = new URLSearchParams(page.query)
    const {before, after} = this.#viewer.offers.reach[query.get("phase")][query.get("lff")]
    const exact = (second) => Math.round(second * 1000) / 1000
    query.set("start", String(Math.max(page.start, exact(missing[0][0] - after))))
    query.set("end", String(Math.min(page.stop, exact(missing.at(-1)[1] + before))))
    const {buffer} = await this.#viewer.api.bytes("/eeg", query)
    return spliced(page, decoded(buffer))
  }

  async #whole({query}) {
    const {buffer, sealed} = await this.#viewer.api.bytes("/eeg", query)
    return {...decoded(buffer), sealed, query}
  }
}
