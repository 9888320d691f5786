// What the page does by itself: keys, its address, and coming back when its server was away.

const moves = {
  PageDown: "next",
  PageUp: "previous",
  ArrowRight: "later",
  ArrowLeft: "earlier",
  Home: "home",
  End: "end",
}
const pause = 2000  // [ms] between two tries to reach the server of this page
const patience = 2000  // [ms] for a page that does not come

const typing = (target) => target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement

export default ({keys}) => {
  let asked = 0

  // Keys speak wherever the focus is, except in a field that needs them itself.
  // In the capture phase: tables and lists inside shadow roots have keys of their own.
  window.addEventListener("keydown", (event) => {
    const move = moves[event.key]
    const plain = !(event.ctrlKey || event.altKey || event.metaKey || event.shiftKey)
    if (move == null || !plain || typing(event.composedPath()[0])) {
      return
    }
    event.preventDefault()
    event.stopImmediatePropagation()
    const waiting = keys.done < keys.count && performance.now() - asked < patience
    if (event.repeat && waiting) {
      return  // a key held down turns pages as fast as they can be drawn, and no faster
    }
    asked = performance.now()
    keys.setv({move, count: keys.count + 1})
  }, {capture: true})

  // A list that was used keeps the focus, and the next PageDown would change it.
  window.addEventListener("change", (event) => {
    const target = event.composedPath()[0]
    if (target instanceof HTMLSelectElement) {
      target.blur()
    }
  })

  // The address names what is on the screen, to come back to it.
  const settle = () => {
    if (keys.address != "") {
      history.replaceState(null, "", location.pathname + keys.address)
    }
  }
  keys.connect(keys.properties.address.change, settle)
  settle()

  // A server that was started anew does not know this page; the address brings it back.
  keys.document.on_event("connection_lost", () => {
    document.body.classList.add("lost")
    const retry = async () => {
      const answer = await fetch(location.href, {cache: "no-store"}).catch(() => null)
      if (answer?.ok) {
        location.reload()
      } else {
        setTimeout(retry, pause)
      }
    }
    setTimeout(retry, pause)
  })
}
