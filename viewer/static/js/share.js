// The link to this moment.

import {place} from "./dom.js"

export function share({trail, keys, menu, tell}) {
  const copy = async () => {
    trail.write()
    try {
      await navigator.clipboard.writeText(location.href)
      tell("hint", "The link to this moment is on the clipboard.")
    } catch {
      tell("hint", `The link to this moment: ${location.href}`)
    }
    setTimeout(() => place("notice").textContent.startsWith("The link") && tell("hint", ""), 4000)
  }
  menu.add("Copy the link to this moment", copy)
  keys.add({keys: ["l"], words: "Copy the link to this moment", group: "Page", run: () => void copy()})
}
