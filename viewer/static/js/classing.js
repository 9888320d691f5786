// The dialog in which a reader sets the classes of events and their keys.

import {COLORS, USUAL} from "./classes.js"
import {make, place} from "./dom.js"

const LONGEST = 60 // [character]

export function classing({state, keys, menu}) {
  const box = make("dialog", {id: "classes", "aria-label": "Classes of events"})
  const lines = make("div", {class: "lines"}), wrong = make("p", {class: "warning", role: "alert"})
  const form = make("form", {method: "dialog", onsubmit: (event) => {
    event.preventDefault()
    keep()
  }}, make("button", {type: "submit"}, "Keep"), make("button", {type: "button", onclick: () => box.close()}, "Cancel"))
  box.append(make("h2", {}, "Classes of events"),
    make("p", {}, "An event belongs to the class with whose name its description begins. A key makes one; with Shift it " +
      "begins or ends one."), lines,
    make("button", {type: "button", onclick: () => lines.append(line({name: "", key: "", color: "grey"}))}, "Another class"),
    make("button", {type: "button", onclick: () => show(USUAL)}, "The usual ones"), wrong, form)
  place("dialogs").append(box)

  const line = ({name, key, color, own, ask}) => {
    const tick = (field, checked, words) => make("label", {}, make("input", {type: "checkbox", name: field, checked: Boolean(checked)}), words)
    const dyed = make("select", {name: "color", "aria-label": "Colour", onchange: () => sample()},
      ...Object.keys(COLORS).map((one) => make("option", {value: one, selected: one == color}, one)))
    const swatch = make("i", {class: "swatch"})
    const sample = () => (swatch.style.background = COLORS[dyed.value])
    sample()
    const made = make("div", {class: "line"}, swatch,
      make("input", {name: "name", type: "text", "aria-label": "Name", value: name, maxlength: LONGEST}),
      make("input", {name: "key", type: "text", "aria-label": "Key", value: key, maxlength: 1}), dyed,
      tick("own", own, "on the trace"), tick("ask", ask, "asks for words"),
      make("button", {type: "button", "aria-label": "Remove", onclick: () => made.remove()}, "✕"))
    return made
  }

  const show = (classes) => lines.replaceChildren(...classes.map(line))

  /** The classes as the fields have them; an Error names what cannot be. */
  const said = () => {
    const classes = [...lines.children].map((one) => {
      const field = (name) => one.querySelector(`[name=${name}]`)
      return {name: field("name").value.trim(), key: field("key").value.trim().toLowerCase(), color: field("color").value,
        own: field("own").checked, ask: field("ask").checked}
    })
    const own = new Set(state.now.classes.flatMap(({key}) => [key, `Shift+${key}`]))
    const taken = new Map(keys.table.flatMap((entry) => entry.keys.map((key) => [key, entry.words])))
    const names = new Set(), used = new Set()
    for (const {name, key} of classes) {
      if (!name || names.has(name.toLowerCase())) {
        throw new Error(name ? `There are two classes ${name}.` : "A class has no name.")
      }
      const other = [key, `Shift+${key}`].find((one) => key && !own.has(one) && taken.has(one))
      if (used.has(key) || other != null) {
        throw new Error(`Key ${key} of ${name} is taken${other == null ? "" : ` by: ${taken.get(other)}`}.`)
      }
      if (key && !/^\p{L}$|^\p{N}$/u.test(key)) {
        throw new Error(`Key ${key} of ${name} is neither a letter nor a digit.`)
      }
      names.add(name.toLowerCase())
      key && used.add(key)
    }
    return classes
  }

  const keep = () => {
    try {
      state.set({classes: said()})
      box.close()
    } catch (error) {
      wrong.textContent = error.message
    }
  }
  menu.add("Classes of events and their keys…", () => {
    show(state.now.classes)
    wrong.textContent = ""
    box.showModal()
  })
}
