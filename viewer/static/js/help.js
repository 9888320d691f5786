// The help: every key of the table.

import {make, place} from "./dom.js"

const NAMES = {ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓", PageUp: "Page up", PageDown: "Page down"}
const READ = (key) => key.split(/\+(?=.)/).map((part) => NAMES[part] ?? part)

export function help({keys}) {
  const box = make("dialog", {id: "help", "aria-label": "Keys"})
  place("dialogs").append(box)
  const open = () => {
    const groups = [...new Set(keys.table.map(({group}) => group))]
    box.replaceChildren(make("h2", {}, "Keys"),
      make("div", {class: "groups"}, ...groups.map((group) => make("section", {}, make("h3", {}, group),
        make("dl", {}, ...keys.table.filter((entry) => entry.group == group).flatMap(({keys: names, words}) => [
          make("dt", {}, ...names.flatMap((name, k) => [k ? " or " : "", ...READ(name).map((part) => make("kbd", {}, part))])),
          make("dd", {}, words),
        ]))))),
      make("form", {method: "dialog"}, make("button", {autofocus: true}, "Close")))
    box.showModal()
    box.scrollTop = 0 // the button has the focus, and is at the end
  }
  keys.add({keys: ["?"], words: "This help", group: "Page", run: open})
}
