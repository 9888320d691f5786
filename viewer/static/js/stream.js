// A WebSocket of the API that comes back by itself.

const FIRST = 250, LONGEST = 10000 // [ms] between two tries
const FINAL = [1000, 4404, 4422] // closes that another try would not change

/**
 * Messages of JSON from `address()`: `told(message)`, and `lost(code)` when the connection ends.
 */
export class Stream {
  #address
  #told
  #lost
  #socket = null
  #timer = null
  #failures = 0

  constructor(address, told, lost) {
    this.#address = address
    this.#told = told
    this.#lost = lost
    this.retry()
  }

  /** Whether messages come. */
  get open() {
    return this.#failures == 0 && this.#socket?.readyState == WebSocket.OPEN
  }

  /** Try now, unless it is connected. */
  retry() {
    if (this.#socket != null) {
      return
    }
    clearTimeout(this.#timer)
    const socket = (this.#socket = new WebSocket(this.#address()))
    socket.onmessage = ({data}) => {
      this.#failures = 0
      this.#told(JSON.parse(data))
    }
    socket.onclose = ({code}) => {
      this.#socket = null
      if (!FINAL.includes(code)) {
        const pause = Math.min(FIRST * 2 ** Math.min(this.#failures++, 10), LONGEST)
        this.#timer = setTimeout(() => this.retry(), pause * (0.5 + Math.random() / 2))
      }
      this.#lost(code)
    }
  }

  /** Hear no more. */
  end() {
    clearTimeout(this.#timer)
    if (this.#socket != null) {
      this.#socket.onmessage = this.#socket.onclose = null
      this.#socket.close()
    }
  }
}
