// The address names what is on the screen: patient, study, time and how it is drawn.

import {HFF, LFF, NOTCH} from "./offers.js"

/** The query of a state, in a fixed order; what is as usual is left out. */
export function written(now, study, usual) {
  const query = new URLSearchParams()
  const alone = study.recordings.length == 1 && study.recordings[0].recording_id == now.study
  query.set("patient", now.patient)
  query.set(alone ? "recording" : "study", now.study)
  query.set("time", String(now.start))
  query.set("duration", now.paper ? "paper" : String(now.duration))
  query.set("montage", now.montage)
  for (const name of ["lff", "hff", "notch", "phase"]) {
    query.set(name, now[name])
  }
  query.set("sensitivity", String(now.sensitivity))
  if (now.negativeUp != usual.negativeUp) {
    query.set("up", now.negativeUp ? "negative" : "positive")
  }
  now.bad.forEach((row) => query.append("bad", String(row)))
  now.hidden.forEach((label) => query.append("hidden", label))
  return query
}

/** What a query says of a state; what it does not say, or says wrongly, is not there. */
export function read(query) {
  const found = {}
  const number = (name, allowed) => {
    const value = Number(query.get(name) ?? NaN)
    if (allowed(value)) {
      found[name] = value
    }
  }
  const word = (name, allowed) => {
    if (allowed.includes(query.get(name))) {
      found[name] = query.get(name)
    }
  }
  if (query.get("duration") == "paper") {
    found.paper = true
  } else {
    number("duration", (value) => value > 0 && value <= 60)
  }
  number("sensitivity", (value) => value > 0 && value <= 5000)
  word("lff", LFF)
  word("hff", HFF)
  word("notch", NOTCH)
  word("phase", ["zero", "single"])
  if (query.get("montage")) {
    found.montage = query.get("montage")
  }
  if (query.has("up")) {
    found.negativeUp = query.get("up") != "positive"
  }
  found.bad = query.getAll("bad").map(Number).filter(Number.isInteger)
  found.hidden = query.getAll("hidden")
  return found
}
