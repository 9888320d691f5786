// What has been said of a study, by time. Times are study seconds [s].

/** An annotation as GET /annotations lists it, with where it begins and ends in the study. */
export function entryOf(said) {
  const start = said.study_onset
  return {...said, start, stop: start + (said.duration ?? 0)}
}

/** Whether an entry is of no length: a moment. */
export const isPoint = ({duration}) => !(duration > 0)

const after = (a, b) => a.start - b.start || (a.annotation_id < b.annotation_id ? -1 : 1)

/** Entries by onset, and quickly those that touch a span, however many there are and how long. */
export class Events {
  #latest // where the last ends of those of a range, kept at the range's middle

  constructor(entries = []) {
    this.all = Object.freeze([...entries].sort(after))
    this.#latest = new Float64Array(this.all.length)
    this.#end(0, this.all.length)
  }

  /** Those that overlap start <= t < stop, also where both their ends lie outside. */
  touching(start, stop) {
    const found = []
    const look = (low, high) => {
      const middle = (low + high) >> 1
      if (low >= high || this.#latest[middle] < start) {
        return
      }
      look(low, middle)
      const one = this.all[middle]
      if (one.start < stop) {
        if (one.stop > start || one.start >= start) {
          found.push(one)
        }
        look(middle + 1, high)
      }
    }
    look(0, this.all.length)
    return found
  }

  #end(low, high) {
    if (low >= high) {
      return -Infinity
    }
    const middle = (low + high) >> 1
    return (this.#latest[middle] = Math.max(this.all[middle].stop, this.#end(low, middle), this.#end(middle + 1, high)))
  }
}

/** Whether an event lies on a page, or partly. */
export const touches = (one, {start, stop}) => one.start < stop && (one.stop > start || one.start >= start)

/**
 * The entry of a list, by onset, that comes next (1) or before (-1) as seen from a page.
 *
 * From the chosen one where that lies on the page, else from the page's start; null at the end.
 */
export function neighbour(list, way, {start, stop}, chosen) {
  const from = chosen != null && touches(chosen, {start, stop}) ? chosen : null
  const later = from == null ? (one) => one.start >= start : (one) => after(one, from) > 0 && one != from
  return (way > 0 ? list.find(later) : list.findLast((one) => one != from && !later(one))) ?? null
}

/** Of a list those that a reader asks for: {text, kind, status}; "" asks for nothing. */
export function filtered(list, {text, kind, status}, kindOf) {
  const words = text.trim().toLowerCase()
  return list.filter((one) =>
    (status == "" || one.status == status) && (kind == "" || kindOf(one.description).name == kind) &&
    (words == "" || one.description.toLowerCase().includes(words) || (one.author ?? "").toLowerCase().includes(words)))
}

/**
 * What is written beside each mark on a page, and in which of two lines: [{words, line}], or null.
 *
 * A mark whose words would run into others stays without.
 */
export function captions(found, start, stop, width) {
  const free = [-Infinity, -Infinity]
  return found.map((one) => {
    const at = ((Math.max(one.start, start) - start) / (stop - start)) * width
    const words = shortened(one.description)
    const line = words == "" ? -1 : free.findIndex((edge) => at >= edge)
    if (line < 0) {
      return null
    }
    free[line] = at + LETTER * words.length + 14
    return {words, line}
  })
}

const LETTER = 6.2 // [px]
const LONGEST = 40 // [character]

function shortened(description) {
  const words = description.trim().replace(/\s+/g, " ")
  return words.length <= LONGEST ? words : `${words.slice(0, LONGEST - 1)}…`
}
