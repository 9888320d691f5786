// Classes of events: what one key makes, and what a description is counted as.

// Paul Tol's "bright" scheme for all kinds of colour vision.
export const COLORS = {
  red: "#EE6677", purple: "#AA3377", yellow: "#CCBB44", blue: "#4477AA", green: "#228833", cyan: "#66CCEE",
  grey: "#BBBBBB",
}

/** own: on the channel of the trace it is made on; ask: asks for words. */
export const USUAL = [
  {name: "seizure", key: "s", color: "red"},
  {name: "spike", key: "k", color: "purple", own: true},
  {name: "artefact", key: "a", color: "yellow"},
  {name: "sleep", key: "d", color: "blue"},
  {name: "note", key: "w", color: "green", ask: true},
]

/** What belongs to no class. */
export const OTHER = {name: "other", color: "cyan"}

const SEIZURE = /^\s*(seizure|seiz|sz)\b/i

/** Whether a description begins with "seizure" or "sz", as the store counts; "no seizure" does not. */
export const isSeizure = (description) => SEIZURE.test(description)

/** Which class a description belongs to: one that begins with its name. */
export function kindsOf(classes) {
  const seizure = classes.find(({name}) => isSeizure(name)) ?? USUAL[0]
  const known = new Map()
  const find = (description) => {
    if (isSeizure(description)) {
      return seizure
    }
    const words = description.trim().toLowerCase()
    return classes.find(({name}) => {
      const own = name.toLowerCase()
      return words.startsWith(own) && !/^[\p{L}\p{N}]/u.test(words.slice(own.length))
    }) ?? OTHER
  }
  return (description) => {
    if (!known.has(description)) {
      known.set(description, find(description))
    }
    return known.get(description)
  }
}

/** The colour of a class. */
export const dye = (kind) => COLORS[kind.color] ?? COLORS.grey
