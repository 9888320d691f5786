// Pages that were fetched are kept, their neighbours are fetched ahead, and the latest wish wins.

const KEPT = 20
export const AT_ONCE = 2

/** Pages by their query; `load(query, signal)` fetches one. */
export class Pages {
  #load
  #kept = new Map() // the page used last stands last
  #flying = new Map() // query -> {control, stale}
  #wanted = null
  #ahead = []
  counts = {asked: 0, most: 0, aborted: 0}

  constructor(load) {
    this.#load = load
  }

  /** How many requests are under way. */
  get inFlight() {
    return this.#flying.size
  }

  /**
   * Have a page brought: `came(page, stale)`, at once where it is kept, or `failed(error)`.
   *
   * A page is stale when it was forgotten while it was on its way.
   */
  want(query, ahead, came, failed) {
    this.#ahead = ahead
    const page = this.#kept.get(query)
    this.#wanted = page == null ? {query, came, failed} : null
    for (const other of this.#flying.keys()) {
      if (other != query && !ahead.includes(other)) {
        this.#abort(other)
      }
    }
    if (page != null) {
      this.#keep(query, page)
      came(page, false)
    } else if (!this.#flying.has(query) && this.#flying.size >= AT_ONCE) {
      this.#abort([...this.#flying.keys()].at(-1))
    }
    this.#fetch()
  }

  /** Keep a page in the place of the one that its query brought before. */
  replace(page) {
    if (this.#kept.has(page.query)) {
      this.#kept.set(page.query, page)
    }
  }

  /** Forget the pages of which this is true; what is on its way comes, but is not kept. */
  forget(touched) {
    for (const [query, page] of this.#kept) {
      if (touched(page)) {
        this.#kept.delete(query)
      }
    }
    for (const one of this.#flying.values()) {
      one.stale = true
    }
  }

  #abort(query) {
    this.#flying.get(query).control.abort()
    this.#flying.delete(query)
    this.counts.aborted++
  }

  #fetch() {
    const plan = [...(this.#wanted == null ? [] : [this.#wanted.query]), ...this.#ahead]
    for (const query of plan) {
      if (this.#flying.size >= AT_ONCE) {
        return
      }
      if (!this.#kept.has(query) && !this.#flying.has(query)) {
        void this.#ask(query)
      }
    }
  }

  async #ask(query) {
    const one = {control: new AbortController(), stale: false}
    this.#flying.set(query, one)
    this.counts.asked++
    this.counts.most = Math.max(this.counts.most, this.#flying.size)
    let page, error
    try {
      page = await this.#load(query, one.control.signal)
    } catch (caught) {
      error = caught
    }
    if (one.control.signal.aborted) {
      return // somebody wants something else by now
    }
    this.#flying.delete(query)
    if (error != null) {
      this.#failed(query, error)
    } else {
      this.#came(query, page, one.stale && !page.sealed)
    }
  }

  #came(query, page, stale) {
    if (stale) {
      this.#ahead = this.#ahead.filter((other) => other != query) // or it is asked for without end
    } else {
      this.#keep(query, page)
    }
    if (this.#wanted?.query == query) {
      const {came} = this.#wanted
      this.#wanted = null
      came(page, stale)
    }
    this.#fetch()
  }

  #failed(query, error) {
    this.#ahead = this.#ahead.filter((other) => other != query)
    if (this.#wanted?.query == query) {
      const {failed} = this.#wanted
      this.#wanted = null
      this.#ahead = []
      failed(error)
    } else {
      this.#fetch()
    }
  }

  #keep(query, page) {
    this.#kept.delete(query)
    this.#kept.set(query, page)
    if (this.#kept.size > KEPT) {
      this.#kept.delete(this.#kept.keys().next().value)
    }
  }
}
