// The way to the API and back, straight from the browser.

/** The API does not answer now; asking again may help. */
export class Away extends Error {}

/** The API has refused; asking again is answered the same. */
export class Refused extends Error {}

export class Api {
  #base
  #admit // () => Promise, lets this browser in again
  #admitting = null
  #heard = false // whether the API has ever answered

  constructor(base, admit) {
    this.#base = base
    this.#admit = admit
  }

  /** Where something of the API lies. */
  url(path, query = {}) {
    const found = new URL(path.replace(/^\//, ""), this.#base.replace(/\/*$/, "/"))
    for (const [name, value] of new URLSearchParams(query)) {
      found.searchParams.append(name, value)
    }
    return found
  }

  /** The same for a WebSocket. */
  socket(path, query) {
    const found = this.url(path, query)
    found.protocol = found.protocol == "https:" ? "wss:" : "ws:"
    return found
  }

  /** Let this browser in again; several who ask at once are let in together. */
  admit() {
    this.#admitting ??= this.#admit().finally(() => (this.#admitting = null))
    return this.#admitting
  }

  /** What comes back as JSON. */
  async json(path, query = {}, signal = undefined) {
    return (await this.#get(path, query, "application/json", signal)).json()
  }

  /** What comes back as text. */
  async text(path, query = {}, signal = undefined) {
    return (await this.#get(path, query, "application/json", signal)).text()
  }

  /** What comes back as bytes, and whether it can never be different. */
  async bytes(path, query = {}, signal = undefined) {
    const answer = await this.#get(path, query, "application/octet-stream", signal)
    const sealed = (answer.headers.get("cache-control") ?? "").includes("immutable")
    return {buffer: await answer.arrayBuffer(), sealed}
  }

  async #get(path, query, accept, signal, again = true) {
    let answer
    await this.#admitting?.catch(() => {})
    try {
      answer = await fetch(this.url(path, query), {credentials: "include", headers: {Accept: accept}, signal})
    } catch (error) {
      throw error.name == "AbortError" ? error : new Away(this.#heard ? error.message
        : `${error.message}; it may not let pages of ${location.origin} ask: EEGSTORE_VIEWER_ORIGINS`)
    }
    this.#heard = true
    if (answer.ok) {
      return answer
    }
    if (answer.status == 401 && again) {
      await this.admit().catch((error) => {
        throw new Away(error.message)
      })
      return this.#get(path, query, accept, signal, false)
    }
    const said = await answer.json().catch(() => ({}))
    const words = said.detail ?? `${path} was answered with status ${answer.status}`
    if (answer.status >= 500 || answer.status == 429 || answer.status == 408) {
      throw new Away(words)
    }
    throw new Refused(words)
  }
}
