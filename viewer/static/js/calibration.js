// How many pixels of this screen are a millimetre: a line that somebody measures.

import {button, make, place} from "./dom.js"
import {PER_MM, perMm} from "./scale.js"

const LINE = 400 // [px]

export function calibration({state, menu}) {
  const box = make("dialog", {id: "calibration", "aria-label": "Calibrate the screen"})
  const length = make("input", {type: "range", name: "line", min: "100", max: "900", step: "1", "aria-label": "Length of the line"})
  const ruler = make("div", {class: "ruler"})
  const millimetres = make("input", {type: "number", name: "millimetres", min: "10", max: "900", step: "0.1", "aria-label": "Its length in mm"})
  const result = make("b")
  const words = make("p", {class: "warning", role: "alert"})
  place("dialogs").append(box)

  const show = () => {
    ruler.style.width = `${length.value}px`
    try {
      result.textContent = `${perMm(Number(length.value), Number(millimetres.value)).toFixed(3)} px/mm`
      words.textContent = ""
    } catch (error) {
      result.textContent = ""
      words.textContent = error.message
    }
  }
  length.oninput = millimetres.oninput = show
  const set = (value) => {
    state.set({perMm: value})
    box.close()
  }
  const open = () => {
    length.value = String(LINE)
    millimetres.value = (LINE / state.now.perMm).toFixed(1)
    box.replaceChildren(make("h2", {}, "Calibrate the screen"),
      make("p", {}, "Hold a ruler to the line. Drag until it is a length that you can read, and write that down."),
      ruler, length, make("label", {}, "The line is", millimetres, "mm long:", result), words,
      make("form", {method: "dialog"},
        button("usual", "96 px/inch", "As if the screen had 96 px an inch", () => set(PER_MM)),
        button("keep", "Keep", "Keep this", () => result.textContent && set(perMm(Number(length.value), Number(millimetres.value)))),
        make("button", {}, "Cancel")))
    show()
    box.showModal()
  }
  menu.add("Calibrate the screen…", open)
}
