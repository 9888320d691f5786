// The address names what is on the screen: patient, study, time and how it is drawn.

const FILTERS = ["lff", "hff", "notch"]

/** By what a study is named: one that is a single recording by that. */
export const nameOf = (study) =>
  study.recordings.length == 1 && study.recordings[0].recording_id == study.study_id ? "recording" : "study"

/** The query of a state. */
export function written(now, study) {
  const query = new URLSearchParams()
  query.set("patient", now.patient)
  query.set(nameOf(study), now.study)
  query.set("time", String(now.start))
  query.set("duration", now.paper ? "paper" : String(now.duration))
  for (const name of ["montage", ...FILTERS, "phase", "sensitivity"]) {
    query.set(name, String(now[name]))
  }
  if (!now.negativeUp) {
    query.set("up", "positive")
  }
  now.bad.forEach((row) => query.append("bad", String(row)))
  now.hidden.forEach((name) => query.append("hidden", name))
  return query
}

/** What a query says of a state; what it does not say, or says wrongly, is not there. */
export function read(query, offers) {
  const found = {}
  const take = (name, value, allowed) => {
    if (query.has(name) && allowed(value)) {
      found[name] = value
    }
  }
  const between = (least, most) => (value) => value >= least && value <= most
  if (query.get("duration") == "paper") {
    found.paper = true
  } else if (query.has("duration")) {
    take("duration", Number(query.get("duration")), between(0.1, 60))
    found.paper = false
  }
  take("sensitivity", Number(query.get("sensitivity")), between(0.1, 5000))
  for (const name of FILTERS) {
    take(name, query.get(name), (value) => value == "off" || offers[name].includes(value))
  }
  take("phase", query.get("phase"), (value) => value == "zero" || value == "single")
  take("montage", query.get("montage"), (value) => value != "")
  if (query.has("patient")) {
    found.negativeUp = query.get("up") != "positive"
  }
  found.bad = query.getAll("bad").map(Number).filter(Number.isInteger)
  found.hidden = query.getAll("hidden")
  return found
}
