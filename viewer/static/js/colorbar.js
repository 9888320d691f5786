// The bar that says what a colour of a spectrum means.

import {make} from "./dom.js"
import {gradient} from "./heat.js"

/** Its element, and `show([low, high], unit)`; with `pressed` it is a button. */
export function colorbar(palette, title, pressed = null) {
  const top = make("span"), bottom = make("span"), unit = make("span", {}, "dB")
  const colors = make(pressed == null ? "div" : "button", {type: pressed && "button", class: "colors", title,
    "aria-label": pressed && title, style: `background:${gradient(palette)}`, onclick: pressed})
  const show = ([low, high], of) => {
    top.textContent = high
    bottom.textContent = low
    unit.title = `dB re 1 ${of.replace("uV", "µV")}²/Hz`
  }
  return {element: make("div", {class: "scale"}, colors, make("div", {class: "ends"}, top, unit, bottom)), show}
}
