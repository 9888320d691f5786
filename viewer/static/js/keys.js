// One table of keys: what they do, and the words of the help.

const typing = (target) =>
  target instanceof HTMLTextAreaElement ||
  (target instanceof HTMLInputElement && !["checkbox", "range", "button"].includes(target.type))

/** Keys that a list needs itself while it is used from the keyboard. */
const choosing = (event) =>
  event.target instanceof HTMLSelectElement && event.target.matches(":focus-visible") && !event.altKey &&
  (/^(Arrow(Up|Down)|Home|End|Page(Up|Down))$/.test(event.key) || event.key.length == 1)

/** "PageDown", "Shift+ArrowRight", "Alt+ArrowLeft", "a", "?": as the table has it. */
export function named(event) {
  const letter = event.key.length == 1
  return [
    ...(event.ctrlKey || event.metaKey ? ["Ctrl"] : []),
    ...(event.altKey ? ["Alt"] : []),
    ...(event.shiftKey && !letter ? ["Shift"] : []),
    letter ? event.key.toLowerCase() : event.key,
  ].join("+")
}

export class Keys {
  #table = []
  #runs = new Map()

  /**
   * Add keys: {keys: ["PageDown"], words: "A page on", group: "Moving", run(event)}.
   *
   * In the capture phase and wherever the focus is, except in a field that needs them itself
   * or while a dialog is open: lists and buttons have keys of their own.
   */
  add(...entries) {
    for (const entry of entries) {
      this.#table.push(entry)
      for (const key of entry.keys) {
        if (this.#runs.has(key)) {
          throw new Error(`key ${key} is taken by: ${this.#runs.get(key).words}`)
        }
        this.#runs.set(key, entry)
      }
    }
  }

  /** All entries, for the help. */
  get table() {
    return [...this.#table]
  }

  listen(target) {
    target.addEventListener("keydown", (event) => {
      const entry = this.#runs.get(named(event))
      if (event.key == "Escape") {
        document.activeElement?.blur()
      }
      const busy = typing(event.composedPath()[0]) || choosing(event) || document.querySelector("dialog[open]")
      if (entry == null || busy) {
        return
      }
      event.preventDefault()
      event.stopImmediatePropagation()
      if (event.repeat && !entry.repeats) {
        return
      }
      performance.mark("key")
      entry.run(event)
    }, {capture: true})
  }
}
