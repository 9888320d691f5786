// The Python side of this page, for what needs the API key: writing, and being let in.

/** Asks through the Bokeh document's `Link` model; answers come one by one. */
export class Link {
  #model
  #waiting = new Map()
  #last = 0
  #gone = false

  constructor(model) {
    this.#model = model
    model.connect(model.properties.told.change, () => this.#told(JSON.parse(model.told)))
  }

  /** What a verb of Python says to some JSON; an Error says in words why not, and its `kind` (ConflictError ...). */
  ask(verb, what = {}) {
    if (this.#gone) {
      return Promise.reject(new Error("the viewer has lost its server"))
    }
    const id = ++this.#last
    const answer = new Promise((resolve, reject) => this.#waiting.set(id, {resolve, reject}))
    this.#model.setv({asked: JSON.stringify({id, verb, what})})
    return answer
  }

  /** Python is gone: nobody waits for it any longer. */
  lost() {
    this.#gone = true
    for (const {reject} of this.#waiting.values()) {
      reject(new Error("the viewer has lost its server"))
    }
    this.#waiting.clear()
  }

  /** Let Python have a copy of the state. */
  copy(now) {
    this.#model.setv({state: JSON.stringify(now)})
  }

  #told({id, error, kind, answer}) {
    const {resolve, reject} = this.#waiting.get(id) ?? {}
    this.#waiting.delete(id)
    if (error != null) {
      reject?.(Object.assign(new Error(error), {kind}))
    } else {
      resolve?.(answer)
    }
  }
}
