// What is on the screen, since when, and what has been there long enough to count as seen.

import {minus, union, within} from "./spans.js"

const LEAST = 1000 // [ms]

/** Follows stretches of time on the screen: {of, from, to}, `of` says of what and how it is shown. */
export class Gaze {
  #shown = [] // {of, from, to, since, told}

  /** These are on the screen now [ms], and nothing else; what stays keeps its time. */
  show(stretches, now) {
    const ripe = this.ripe(now)
    this.#shown = stretches.flatMap(({of, from, to}) => {
      const kept = this.#shown.filter((one) => one.of == of)
        .flatMap((one) => within([[one.from, one.to]], from, to).map(([start, stop]) => ({...one, from: start, to: stop})))
      const fresh = minus([[from, to]], union(kept.map((one) => [one.from, one.to])))
      return [...kept, ...fresh.map(([start, stop]) => ({of, from: start, to: stop, since: now, told: false}))]
    })
    return ripe
  }

  /** What has been on the screen long enough, and was not told before. */
  ripe(now) {
    const found = this.#shown.filter(({since, told}) => !told && now - since >= LEAST)
    found.forEach((one) => (one.told = true))
    return found.map(({of, from, to}) => ({of, from, to}))
  }

  /** When `ripe` has something to tell if all stays as it is [ms]; null: it will have nothing. */
  get due() {
    const waiting = this.#shown.filter(({told}) => !told).map(({since}) => since + LEAST)
    return waiting.length ? Math.min(...waiting) : null
  }
}

/** The whole seconds in some spans. */
export const wholeSeconds = (spans) =>
  spans.map(([from, to]) => [Math.ceil(from - 1e-6), Math.floor(to + 1e-6)]).filter(([from, to]) => from < to)
