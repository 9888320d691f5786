// A line as long as a part of the study: shows where the page is, and takes the reader elsewhere.

import {make} from "./dom.js"
import {zoomed} from "./timeline.js"

const NARROWEST = 3 // [px], of the page's mark
const STEP = 1.3 // a notch of the wheel

/** Make an element such a line: click jumps, drag scrubs, the wheel zooms. */
export function rail(viewer, element) {
  const {state, scene, moves, turning} = viewer
  const here = make("div", {class: "here"})
  element.classList.add("rail")
  element.append(here)

  let wish = null // the second under the finger that drags

  const show = () => {
    const {start, duration} = state.now
    const [from, to] = scene.now.part
    const scale = element.clientWidth / (to - from)
    const width = Math.max(duration * scale, NARROWEST)
    here.style.width = `${width}px`
    here.style.transform = `translateX(${(start - from) * scale + (duration * scale - width) / 2}px)`
  }
  const secondAt = (x) => {
    const {clientWidth: width, clientLeft: border} = element
    const at = x - element.getBoundingClientRect().left - border
    const [from, to] = scene.now.part
    return from + (Math.min(Math.max(at, 0), width) / width) * (to - from)
  }

  /** To where the finger is; the next page is asked for when the last is there. */
  const scrub = () => {
    if (wish != null && turning.settled) {
      const second = wish
      wish = null
      moves.slide(Math.round(second - state.now.duration / 2))
    }
  }

  element.addEventListener("pointerdown", (event) => {
    if (event.button == 0 && scene.now.study != null) {
      element.setPointerCapture(event.pointerId)
      moves.around(secondAt(event.clientX))
    }
  })
  element.addEventListener("pointermove", (event) => {
    if (element.hasPointerCapture(event.pointerId)) {
      wish = secondAt(event.clientX)
      scrub()
    }
  })
  element.addEventListener("wheel", (event) => {
    if (event.ctrlKey || event.deltaY == 0 || scene.now.study == null) {
      return
    }
    event.preventDefault()
    const factor = event.deltaY < 0 ? 1 / STEP : STEP
    state.set({stretch: zoomed(scene.now.part, factor, secondAt(event.clientX), scene.now.study.duration)})
  }, {passive: false})

  scene.on(["painted"], scrub)
  state.on(["start", "duration"], show)
  scene.on(["part"], show)
  new ResizeObserver(show).observe(element)
  return element
}
