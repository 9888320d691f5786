// The sheet to a printer or PDF (through the browser), and as a picture.

import {make, place, save} from "./dom.js"
import {sheet} from "./sheet.js"

const FINE = 2 // pixels of the picture for each of the screen

export function print(viewer) {
  const {keys, menu, scene, state, tell} = viewer
  const paper = place("sheet")

  window.addEventListener("beforeprint", () => {
    const made = sheet(viewer)
    paper.replaceChildren(...(made == null ? [] : [made]))
  })
  window.addEventListener("afterprint", () => paper.replaceChildren())

  const picture = async () => {
    const made = sheet(viewer)
    if (made == null) {
      return
    }
    try {
      const {clock} = scene.now.study
      const {start} = state.now
      const when = [clock.day(start), clock.text(start).replaceAll(":", "")].filter(Boolean).join("-")
      save(await drawn(made), `${state.now.patient}-${when}.png`)
    } catch (error) {
      tell("hint", `The picture could not be made: ${error.message}`)
    }
  }
  menu.add("Print the page, or keep it as PDF…", () => window.print())
  menu.add("Keep the page as PNG", () => void picture())
  keys.add({keys: ["Ctrl+p"], words: "Print the page, or keep it as PDF", group: "Page", run: () => window.print()})
}

/** An SVG as PNG. */
async function drawn(svg) {
  const image = new Image()
  const url = URL.createObjectURL(new Blob([new XMLSerializer().serializeToString(svg)], {type: "image/svg+xml"}))
  try {
    image.src = url
    await image.decode()
    const canvas = make("canvas", {width: FINE * image.width, height: FINE * image.height})
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height)
    return await new Promise((resolve, reject) =>
      canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("the canvas is empty"))), "image/png"))
  } finally {
    URL.revokeObjectURL(url)
  }
}
