// From the state to the page on the screen: which page is wanted, fetched, tried again.

import {nameOf} from "./address.js"
import {Away} from "./api.js"
import {page as decoded} from "./frame.js"
import {AT_ONCE, Pages} from "./pages.js"
import {isStandard} from "./montages.js"

const LONGEST = 10 // [s] between two tries
const ROUND = 50 // [px]; a window that is a little wider needs no other pages

/** What of the state another page must be fetched for. */
const OF_PAGE = ["patient", "study", "start", "duration", "montage", "lff", "hff", "notch",
  "phase", "bad"]

/** The query of GET /eeg for the page that starts at `start`; equal pages have equal queries. */
function queryOf(now, study, start, width, montages) {
  const query = new URLSearchParams({patient_id: now.patient})
  query.set(`${nameOf(study)}_id`, now.study)
  query.set("start", String(start))
  query.set("end", String(Math.round((start + now.duration) * 1000) / 1000))
  if (isStandard(now.montage)) {
    query.set("montage", now.montage)
  } else {
    query.set("montage", "custom")
    for (const {text, name, color} of montages[now.montage]) {
      query.append("line", name || color ? [text, name ?? "", color ?? ""].join("|") : text)
    }
  }
  now.bad.forEach((row) => query.append("bad", String(row)))
  for (const name of ["lff", "hff", "notch", "phase"]) {
    query.set(name, now[name])
  }
  query.set("px", String(Math.max(ROUND, Math.round(width / ROUND) * ROUND)))
  return query.toString()
}

/** How a page is drawn, by its query: montage, filters, phase. */
function askedBy(query) {
  const {montage, lff, hff, notch, phase} = Object.fromEntries(new URLSearchParams(query))
  return {montage, lff, hff, notch, phase}
}

/** Keeps `scene.page` what the state wants, as soon as it can be had. */
export class Turning {
  #viewer
  #timer = null
  #failures = 0
  #before = 0
  #backwards = false

  constructor(viewer) {
    const {state, scene, api} = (this.#viewer = viewer)
    this.pages = new Pages(async (query, signal) => {
      const {buffer, sealed} = await api.bytes("/eeg", query, signal)
      this.#failures = 0
      this.#tell("store", "")
      this.#tell("list", "")
      return {...decoded(buffer), sealed, query, asked: askedBy(query)}
    })
    state.on(OF_PAGE, () => this.turn())
    scene.on(["width", "study", "montages"], () => this.turn())
  }

  /** Whether the page on the screen is the one that is wanted, and painted. */
  get settled() {
    const {page, painted} = this.#viewer.scene.now
    return page != null && page.query == this.#wish() && painted == page
  }

  /** Have the page of the state brought to the screen. */
  turn() {
    const {state, scene} = this.#viewer
    clearTimeout(this.#timer)
    const query = this.#wish()
    if (query == null) {
      return
    }
    if (state.now.start != this.#before) {
      this.#backwards = state.now.start < this.#before
      this.#before = state.now.start
    }
    this.pages.want(query, this.#ahead(), (page, stale) => this.#came(page, stale), (error) => this.#failed(error))
    scene.set({waiting: scene.now.page?.query != query})
  }

  /** Fetch again what may have changed between two times [s] of the study. */
  changed(from, to) {
    this.pages.forget((page) => !page.sealed && page.start < to && page.stop > from)
    const {page} = this.#viewer.scene.now
    if (page == null || (!page.sealed && page.start < to && page.stop > from)) {
      this.turn()
    }
  }

  #wish(start = this.#viewer.state.now.start) {
    const {width, study, montages} = this.#viewer.scene.now
    const {now} = this.#viewer.state
    const unknown = !isStandard(now.montage) && !(now.montage in montages)
    return study == null || study.study_id != now.study || !width || unknown
      ? null
      : queryOf(now, study, start, width, montages)
  }

  #ahead() {
    const {start, duration} = this.#viewer.state.now
    const starts = [start + duration, start - duration].filter(
      (one) => one > -duration && one < this.#viewer.scene.now.study.duration)
    const ordered = this.#backwards ? starts.reverse() : starts
    return ordered.slice(0, AT_ONCE).map((one) => this.#wish(Math.max(0, Math.round(one * 1000) / 1000)))
  }

  #came(page, stale) {
    this.#tell("page", "")
    this.#viewer.scene.set({page, waiting: stale})
    if (stale) {
      this.turn()
    }
  }

  #failed(error) {
    if (!(error instanceof Away)) {
      this.#tell("page", `This page cannot be shown: ${error.message}`)
      this.#viewer.scene.set({page: null, waiting: false})
      return
    }
    const pause = Math.min(0.25 * 2 ** Math.min(++this.#failures, 10), LONGEST)
    this.#tell("store", `The store does not answer; next try in ${Math.max(1, Math.round(pause))} s. ` +
      `What is on the screen stays. (${error.message})`)
    this.#timer = setTimeout(() => this.turn(), 1000 * pause)
  }

  #tell(about, words) {
    const {scene} = this.#viewer
    scene.set({notices: {...scene.now.notices, [about]: words}})
  }
}
