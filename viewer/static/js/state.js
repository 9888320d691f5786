// Observed values: the one truth of the page, and everybody who wants to know when it changes.

/** Values by name. Subscribers are told after every change of the names they gave. */
export class Observed {
  #now
  #watchers = new Set()

  constructor(initial) {
    this.#now = Object.freeze({...initial})
  }

  /** All values, frozen; `set` makes another object. */
  get now() {
    return this.#now
  }

  /** Further names with their first values, of a module that brings its own. */
  add(initial) {
    this.#now = Object.freeze({...initial, ...this.#now})
  }

  /** Change some values, and tell whoever watches one that is different now. */
  set(changes) {
    const before = this.#now
    const names = Object.keys(changes)
    const unknown = names.find((name) => !(name in before))
    if (unknown != null) {
      throw new Error(`${unknown} is not one of ${Object.keys(before).join(", ")}`)
    }
    const changed = names.filter((name) => !same(before[name], changes[name]))
    if (changed.length == 0) {
      return
    }
    this.#now = Object.freeze({...before, ...changes})
    for (const watcher of [...this.#watchers]) {
      if (watcher.names == null || changed.some((name) => watcher.names.includes(name))) {
        watcher.tell(this.#now, before)
      }
    }
  }

  /** Call `tell(now, before)` after changes of these names (null: of any); returns what ends it. */
  on(names, tell) {
    const watcher = {names, tell}
    this.#watchers.add(watcher)
    return () => this.#watchers.delete(watcher)
  }
}

/** Whether two values are the same; arrays and plain objects by what they hold. */
export function same(a, b) {
  if (Object.is(a, b)) {
    return true
  }
  const plain = (x) => Array.isArray(x) || (x != null && Object.getPrototypeOf(x) === Object.prototype)
  if (!plain(a) || !plain(b)) {
    return false
  }
  const keys = Object.keys(a)
  return keys.length == Object.keys(b).length && keys.every((key) => key in b && same(a[key], b[key]))
}
