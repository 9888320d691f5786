// What is set seldom: theme, polarity, gains, hidden traces, and the commands that modules add.

import {button, make, place} from "./dom.js"
import {icon} from "./icons.js"
import {GAINS, gainOf} from "./scale.js"

const KINDS = {eeg: "EEG", eog: "EOG", ekg: "EKG", emg: "EMG", resp: "Respiration", spo2: "SpO2", other: "Other"}
const FACTORS = [0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10]

/** The menu behind ☰; `add(words, run)` puts a command into it. */
export function menu({state, scene, keys}) {
  const box = make("dialog", {id: "menu", "aria-label": "Settings"})
  const commands = make("div", {class: "commands"})
  place("dialogs").append(box)
  box.addEventListener("click", (event) => event.target == box && box.close())

  const tick = (name, words, to = (checked) => checked, from = (value) => value) => make("label", {},
    make("input", {type: "checkbox", name, checked: from(state.now[name]),
      onchange: (event) => state.set({[name]: to(event.target.checked)})}), words)

  const gain = (kind) => make("label", {}, KINDS[kind], make("select", {name: `gain-${kind}`,
    onchange: (event) => state.set({gains: {...state.now.gains, [kind]: Number(event.target.value)}})},
    ...FACTORS.map((factor) => make("option", {value: factor, selected: gainOf(kind, state.now.gains) == factor}, `×${factor}`))))

  const shown = (trace) => make("label", {}, make("input", {type: "checkbox", checked: !state.now.hidden.includes(trace.name),
    onchange: (event) => state.set({hidden: event.target.checked
      ? state.now.hidden.filter((name) => name != trace.name) : [...state.now.hidden, trace.name]})}), trace.name)

  const open = () => {
    box.replaceChildren(make("h2", {}, "Settings"),
      make("div", {class: "groups"},
        make("section", {}, make("h3", {}, "Picture"),
          tick("theme", "Dark (t)", (checked) => (checked ? "dark" : "light"), (value) => value == "dark"),
          tick("negativeUp", "EEG and EOG negative up (i)"), tick("clip", "Cut traces off at ±1.5 rows (o)"), commands),
        make("section", {}, make("h3", {}, "Gain"), ...Object.keys(GAINS).map(gain)),
        make("section", {class: "traces"}, make("h3", {}, "Traces"), ...(scene.now.page?.traces ?? []).map(shown)),
      ),
      make("form", {method: "dialog"}, make("button", {autofocus: true}, "Close")))
    box.showModal()
  }
  place("bar").append(button("menu", icon("menu"), "Settings (m)", open))
  keys.add(
    {keys: ["m"], words: "Settings", group: "Page", run: open},
    {keys: ["t"], words: "Dark or light", group: "Page",
      run: () => state.set({theme: state.now.theme == "dark" ? "light" : "dark"})},
    {keys: ["o"], words: "Let traces overlap, or cut them off", group: "Picture", run: () => state.set({clip: !state.now.clip})},
    {keys: ["h"], words: "Show all hidden traces", group: "Picture", run: () => state.set({hidden: []})},
    {keys: ["b"], words: "Show or hide the lists", group: "Page", run: () => document.body.classList.toggle("alone")},
  )
  return {
    add: (words, run) => commands.append(make("button", {type: "button", onclick: () => {
      box.close()
      run()
    }}, words)),
  }
}
