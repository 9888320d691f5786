// The trace that somebody has chosen by its label: what below the page is about it.

import {make, place} from "./dom.js"

/** The chosen trace of a page; where it has none of that label the first of EEG, or the first. */
export function chosenOf(page, label) {
  const traces = page?.traces ?? []
  return traces.find((trace) => trace.label == label) ?? traces.find(({kind}) => kind == "eeg") ?? traces[0] ?? null
}

export function selection({state, scene, keys}) {
  state.add({selected: ""})
  const mark = make("style")
  document.head.append(mark)

  const step = (way) => () => {
    const rows = scene.now.layout?.rows ?? []
    const at = rows.findIndex(({trace}) => trace.label == chosenOf(scene.now.page, state.now.selected)?.label)
    const next = rows[Math.min(Math.max(at + way, 0), rows.length - 1)]
    if (next != null) {
      state.set({selected: next.trace.label})
    }
  }
  const show = () => {
    const {selected, spectrogram} = state.now
    const label = selected || (spectrogram && chosenOf(scene.now.page, selected)?.label)
    mark.textContent = label ? `#labels [data-label="${CSS.escape(label)}"] { box-shadow: inset -3px 0 var(--ink); }` : ""
  }

  place("labels").addEventListener("click", (event) => {
    const label = event.target.closest("[data-label]")
    if (label != null && (event.ctrlKey || event.metaKey)) {
      event.stopPropagation() // without Ctrl it is about bad channels
      state.set({selected: label.dataset.label})
    }
  }, {capture: true})
  state.on(["selected", "spectrogram"], show)
  scene.on(["page"], show)
  state.on(["patient", "study"], () => state.set({selected: ""}))
  keys.add(
    {keys: ["Shift+ArrowUp"], words: "Choose the trace above (or Ctrl and click its label)", group: "Study", run: step(-1)},
    {keys: ["Shift+ArrowDown"], words: "Choose the trace below", group: "Study", run: step(1)},
  )
}
