// What is said of the open study: read once, and changed by versions that supersede others.

import {isSeizure} from "./classes.js"
import {Events, entryOf} from "./events.js"

const EVERY = 20000, SELDOM = 120000 // [ms] between two looks at what others say, of a study that grows and of a closed one

/** What of an entry makes a new version. */
const content = ({recording_id, onset, duration, description, channels, source, status}) =>
  ({recording_id, onset, duration, description, channels, source, status})

/**
 * Keeps `scene.events`, all that holds now. Entries keep their `key` through all versions.
 *
 * What somebody does is an act: steps {key, before, after}, contents or null for what was not
 * there. Undoing and doing again are acts of the store like all others: they add versions.
 */
export class Marks {
  #viewer
  #heads = new Map() // key -> the entry that holds now
  #of = null // the study whose they are
  #placed = null // its recordings on its clock
  #said = "" // the answer in which they stood
  #done = []
  #undone = []
  #queue = Promise.resolve()
  #writes = 0
  #made = 0
  #timer = null

  constructor(viewer) {
    this.#viewer = viewer
    const {scene} = viewer
    scene.add({events: new Events(), chosen: null})
    scene.on(["study"], () => {
      const {study} = scene.now
      const of = study && JSON.stringify([study.patient_id, study.study_id])
      const placed = study && JSON.stringify(study.recordings.map(({recording_id, offset}) => [recording_id, offset]))
      if (of == this.#of && placed == this.#placed) {
        return
      }
      if (of != this.#of) {
        this.#of = of
        this.#forget()
      }
      this.#placed = placed // a file that is found later may begin before all others
      this.#said = ""
      void this.read()
    })
    document.addEventListener("visibilitychange", () => document.hidden || void this.read())
  }

  /** The entry of a key. */
  entry(key) {
    return this.#heads.get(key) ?? null
  }

  /** Read what holds now. */
  async read() {
    const {scene, api, tell} = this.#viewer
    const of = this.#of, writes = this.#writes
    clearTimeout(this.#timer)
    if (scene.now.study == null) {
      return
    }
    const {patient_id, study_id, closed} = scene.now.study
    try {
      const text = await api.text("/annotations", {patient_id, study_id})
      if (of != this.#of) {
        return
      }
      if (writes != this.#writes) {
        return this.read() // it was on its way while something was added here
      }
      if (text != this.#said) {
        this.#said = text
        this.#take(JSON.parse(text).annotations)
      }
      tell("marks", "")
    } catch (error) {
      tell("marks", `What is said of this study cannot be read: ${error.message}`)
      this.#timer = setTimeout(() => this.read(), EVERY / 4)
      return
    }
    this.#timer = setTimeout(() => this.read(), closed ? SELDOM : EVERY)
  }

  /** Add an entry; `what` is its content. A promise of its key, null when nothing was added. */
  add(what) {
    return this.#act([this.#added({channels: [], source: "user", status: "confirmed", ...what})])
  }

  /** Change some fields of an entry. In another recording it is another annotation. */
  change(key, fields) {
    const before = content(this.#heads.get(key))
    const after = {...before, ...fields}
    if (JSON.stringify(after) == JSON.stringify(before)) {
      return Promise.resolve(key)
    }
    return this.#act(after.recording_id == before.recording_id ? [{key, before, after}]
      : [this.#added(after), {key, before, after: {...before, status: "rejected"}}])
  }

  undo() {
    return this.#again(this.#done, this.#undone, "undo", (steps) =>
      steps.map(({key, before, after}) => [key, before ?? {...after, status: "rejected"}]).reverse())
  }

  redo() {
    return this.#again(this.#undone, this.#done, "do again", (steps) => steps.map(({key, after}) => [key, after]))
  }

  #added(after) {
    return {key: `new ${++this.#made}`, before: null, after}
  }

  #act(steps) {
    return this.#one(async () => {
      await this.#write(steps.map(({key, after}) => [key, after]))
      this.#done.push(steps)
      this.#undone = []
      return steps[0].key
    })
  }

  #again(from, to, words, versions) {
    return this.#one(async () => {
      const steps = from.at(-1)
      if (steps == null) {
        this.#viewer.tell("hint", `There is nothing to ${words}.`)
        return null
      }
      const wanted = versions(steps)
      await this.#write(wanted)
      from.pop()
      to.push(steps)
      return wanted[0][0]
    })
  }

  /** One after the other; what fails is told, and comes to null. */
  #one(work) {
    const {tell} = this.#viewer
    const of = this.#of
    const done = this.#queue.then(async () => {
      try {
        return of == this.#of ? await work() : null
      } catch (error) {
        tell("hint", `${error.kind == "ConflictError" ? "Somebody else was first" : "Not done"}: ${error.message}`)
        this.#said = ""
        await this.read()
        return null
      }
    })
    this.#queue = done
    return done
  }

  async #write(versions) {
    const {scene, link} = this.#viewer
    const author = await this.#viewer.author()
    if (author == null) {
      throw new Error("nobody has said whose it is")
    }
    const {patient_id, recordings} = scene.now.study
    for (const [key, what] of versions) {
      const {recording_id, ...said} = what
      const supersedes = this.#heads.get(key)?.annotation_id ?? null
      const annotation = await link.ask("annotate", {patient_id, recording_id, annotation: {...said, author, supersedes}})
      const {offset} = recordings.find((one) => one.recording_id == recording_id)
      this.#heads.set(key, {...entryOf({...annotation, recording_id, study_onset: offset + annotation.onset}), key})
      this.#writes++
    }
    this.#said = ""
    this.#publish()
    if (versions.some(([, {description}]) => isSeizure(description))) {
      void this.#viewer.studies.count()
    }
  }

  /** Take entries from the store; those that others have superseded can no longer be undone here. */
  #take(listed) {
    const keys = new Map([...this.#heads].map(([key, {annotation_id}]) => [annotation_id, key]))
    this.#heads = new Map(listed.map((said) => {
      const key = keys.get(said.annotation_id) ?? said.annotation_id
      return [key, {...entryOf(said), key}]
    }))
    const {chosen} = this.#viewer.scene.now
    const heir = listed.find(({supersedes}) => supersedes != null && keys.get(supersedes) == chosen)
    if (heir != null && !this.#heads.has(chosen)) {
      this.#viewer.scene.set({chosen: heir.annotation_id})
    }
    const held = (steps) => steps.every(({key}) => this.#heads.has(key))
    this.#done = this.#done.filter(held)
    this.#undone = this.#undone.filter(held)
    this.#publish()
  }

  #publish() {
    const {scene} = this.#viewer
    const {chosen} = scene.now
    scene.set({events: new Events(this.#heads.values()), chosen: this.#heads.has(chosen) ? chosen : null})
  }

  #forget() {
    this.#heads.clear()
    this.#said = ""
    this.#done = []
    this.#undone = []
    this.#viewer.scene.set({events: new Events(), chosen: null})
  }
}
