// One table of keys: what they do, and the words of the help.

const typing = (target) =>
  target instanceof HTMLTextAreaElement ||
  (target instanceof HTMLInputElement && !["checkbox", "range", "button"].includes(target.type))

/** Keys that a list needs itself while it is used from the keyboard. */
const choosing = ({target, key, altKey}) =>
  target instanceof Element && target.matches("select:focus-visible, [role=listbox]:focus-visible") && !altKey &&
  (/^(Arrow(Up|Down)|Home|End|Page(Up|Down))$/.test(key) || (key.length == 1 && target.matches("select")))

/** "PageDown", "Shift+ArrowRight", "Alt+ArrowLeft", "a", "Shift+a", "?": as the table has it. */
export function named(event) {
  const lower = event.key.length == 1 ? event.key.toLowerCase() : event.key
  const sign = event.key.length == 1 && lower == event.key.toUpperCase() // whichever way it is typed
  return [
    ...(event.ctrlKey || event.metaKey ? ["Ctrl"] : []),
    ...(event.altKey ? ["Alt"] : []),
    ...(event.shiftKey && !sign ? ["Shift"] : []),
    lower,
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

  /** Take entries out again. */
  drop(entries) {
    this.#table = this.#table.filter((entry) => !entries.includes(entry))
    entries.forEach((entry) => entry.keys.forEach((key) => this.#runs.delete(key)))
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
      performance.clearMarks("key")
      performance.mark("key")
      entry.run(event)
    }, {capture: true})
  }
}
