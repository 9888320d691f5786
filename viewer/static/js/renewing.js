// A page on which more is stored by now: that part is fetched and put in its place.

import {Away} from "./api.js"
import {number, page as decoded} from "./frame.js"
import {minus, union, within} from "./spans.js"

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

/** A page with part of it anew, its values in place; null where they have none. */
export function spliced(page, part) {
  const places = page.traces.map((trace, k) => placeOf(trace, part.traces[k], part.start - page.start))
  if (part.traces.length != page.traces.length || places.includes(null)) {
    return null
  }
  const {start, stop} = part
  const traces = page.traces.map((trace, k) => {
    trace.values.set(part.traces[k].values, places[k])
    const before = trace.clips.filter(([, to]) => to <= start), after = trace.clips.filter(([from]) => from >= stop)
    return {...trace, clips: [...before, ...part.traces[k].clips, ...after]}
  })
  return {...page, traces, spans: union([...page.spans, ...part.spans]), suspects: part.suspects,
    renewed: {of: page, from: start - page.start, to: stop - page.start}}
}

/** The index of the first value of a part within the trace. */
function placeOf(trace, part, shift) {
  if (part == null || part.label != trace.label || part.per_column != trace.per_column) {
    return null
  }
  if (part.x.length == 0) {
    return 0
  }
  const close = 0.25 / number(trace.sfreq)
  const first = trace.x.findIndex((x) => x > part.x[0] + shift - close)
  const last = first + part.x.length - 1
  const same = (k, at) => k >= 0 && k < trace.x.length && Math.abs(trace.x[k] - (at + shift)) < close
  return same(first, part.x[0]) && same(last, part.x.at(-1)) ? first : null
}
