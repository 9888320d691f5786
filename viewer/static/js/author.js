// Who it is that reads: asked for once, and kept in this browser.

import {make, place} from "./dom.js"

const LONGEST = 128 // [character], as the store takes

/** Brings `viewer.author()`: a promise of the reader's name, null when somebody will not say it. */
export function author(viewer) {
  const {state, menu} = viewer
  state.add({author: ""})
  const box = make("dialog", {id: "author", "aria-label": "Your name"})
  const field = make("input", {name: "author", type: "text", maxlength: LONGEST, required: true, autocomplete: "name",
    "aria-label": "Your name"})
  const form = make("form", {method: "dialog"}, make("button", {value: "keep"}, "Keep"),
    make("button", {value: "", formnovalidate: true}, "Cancel"))
  form.prepend(field)
  box.append(make("h2", {}, "Your name"),
    make("p", {}, "It is written to what you mark and edit, so that others know whose it is. It stays in this browser."),
    form)
  place("dialogs").append(box)

  let answers = []
  box.addEventListener("close", () => {
    const name = box.returnValue == "keep" ? field.value.trim() : ""
    if (name) {
      state.set({author: name})
    }
    answers.splice(0).forEach((answer) => answer(name || null))
  })
  const ask = () => {
    field.value = state.now.author
    if (!box.open) {
      box.returnValue = ""
      box.showModal()
    }
    return new Promise((resolve) => answers.push(resolve))
  }
  viewer.author = () => (state.now.author ? Promise.resolve(state.now.author) : ask())
  menu.add("Your name…", () => void ask())
}
