// What was seen and is not yet known to be in the store.

import {wholeSeconds} from "./gaze.js"
import {minus, union} from "./spans.js"

/** Of each look at a recording (`of`, any text) the spans seen, and the reviews made of them. */
export class Ledger {
  #seen = new Map() // of -> spans
  #told = new Map() // of -> spans of seconds that are in a review
  #reviews

  /** `reviews` may have been made before, and not be stored: [{of, seconds, review_id}]. */
  constructor(reviews = []) {
    this.#reviews = [...reviews]
  }

  add({of, from, to}) {
    this.#seen.set(of, union([...(this.#seen.get(of) ?? []), [from, to]]))
  }

  /** Reviews that are not known to be stored; seconds are in one of them only. */
  get reviews() {
    for (const [of, seen] of this.#seen) {
      const told = this.#told.get(of) ?? []
      const seconds = minus(wholeSeconds(seen), told)
      if (seconds.length > 0) {
        this.#told.set(of, union([...told, ...seconds]))
        this.#reviews.push({of, seconds, review_id: uuid()})
      }
    }
    return [...this.#reviews]
  }

  /** A review is stored. */
  stored(review) {
    this.#reviews = this.#reviews.filter((one) => one != review)
  }
}

/** A random UUID; `crypto.randomUUID` is there on pages of https only. */
function uuid() {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  bytes[6] = (bytes[6] & 0x0f) | 0x40
  bytes[8] = (bytes[8] & 0x3f) | 0x80
  const text = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")
  return text.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-")
}
