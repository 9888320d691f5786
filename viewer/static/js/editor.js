// Montages of one's own: derivations in an order, with names and colours, kept by the store.

import {Away} from "./api.js"
import {button, make, place} from "./dom.js"
import {MONTAGES, isStandard} from "./montages.js"
import {colorOf} from "./palette.js"

const AGAIN = 2000 // [ms]

/** Lines as the editor shows them, from what stands in its fields; empty ones are left out. */
function linesOf(rows) {
  return rows.map((row) => {
    const [text, name, own, color] = row.querySelectorAll("input")
    return {text: text.value.trim(), name: name.value.trim() || null, color: own.checked ? color.value : null}
  }).filter(({text}) => text != "")
}

export function editor(viewer) {
  const {state, scene, keys, link, api} = viewer
  const box = make("dialog", {id: "editor", "aria-label": "Montage editor"})
  const name = make("input", {name: "montage-name", type: "text", maxlength: "64", required: true, autocomplete: "off", "aria-label": "Name of the montage"})
  const table = make("div", {class: "lines"})
  const words = make("p", {class: "warning", role: "alert"})
  const known = make("datalist", {id: "derivations"})
  place("dialogs").append(box)

  const line = ({text = "", name = "", color = null} = {}, usual = "#0072b2") => {
    const row = make("div", {class: "line"},
      make("input", {type: "text", value: text, list: "derivations", placeholder: "Fp1-F7", "aria-label": "Derivation or channel"}),
      make("input", {type: "text", value: name ?? "", placeholder: "shown as", "aria-label": "Shown as"}),
      make("label", {}, make("input", {type: "checkbox", checked: color != null, "aria-label": "A colour of its own"}),
        make("input", {type: "color", value: color ?? usual, "aria-label": "Colour", onchange: () => (row.querySelector("[type=checkbox]").checked = true)})),
      button("up", "↑", "Further up", () => row.previousElementSibling?.before(row)),
      button("down", "↓", "Further down", () => row.nextElementSibling?.after(row)),
      button("remove", "✕", "Remove this line", () => row.remove()))
    return row
  }

  const open = () => {
    const {page, study, montages} = scene.now
    const lines = montages[state.now.montage] ?? (page?.traces ?? []).map(({label}) => ({text: label}))
    name.value = state.now.montage in montages ? state.now.montage : ""
    words.textContent = ""
    known.replaceChildren(...new Set([...(study?.channels ?? []), ...(page?.traces ?? [])].map(({label}) => label))
      .values().map((value) => make("option", {value})))
    const usual = new Map((page?.traces ?? []).map((trace) => [trace.label, colorOf(trace, "light").toLowerCase()]))
    table.replaceChildren(...lines.map((one) => line(one, usual.get(one.name || one.text))))
    box.replaceChildren(make("h2", {}, "Montage"), make("label", {}, "Name", name), known, table,
      make("p", {}, "A line is a derivation (Fp1-F7, C3-A1+A2, Cz-Avg) or the label of a channel."), words,
      make("form", {method: "dialog"}, button("add", "Add a line", "Add a line", () => {
        const row = line()
        table.append(row)
        row.querySelector("input").focus()
      }), button("delete", "Delete", "Delete this montage from the store", () => void remove()),
      button("try", "Use", "Use it in this window, without keeping it", () => use()),
      button("save", "Save and use", "Keep it in the store", () => void save()), make("button", {}, "Cancel")))
    box.showModal()
  }

  /** Take the montage to the screen; null when something is missing. */
  const use = () => {
    const title = name.value.trim(), lines = linesOf([...table.children])
    const taken = isStandard(title) || title == "custom"
    words.textContent = title == "" ? "The montage needs a name." : taken ? `“${title}” is the name of a standard montage.`
      : lines.length == 0 ? "The montage has no lines." : ""
    if (words.textContent != "") {
      return null
    }
    scene.set({montages: {...scene.now.montages, [title]: lines}})
    state.set({montage: title, hidden: []})
    box.close()
    return {name: title, lines}
  }

  const save = async () => {
    const montage = use()
    if (montage == null) {
      return
    }
    try {
      await link.ask("put_montage", montage)
      viewer.tell("hint", `Montage “${montage.name}” is kept in the store.`)
    } catch (error) {
      viewer.tell("hint", `The montage is used, but was not kept: ${error.message}`)
    }
  }

  const remove = async () => {
    const title = name.value.trim()
    try {
      await link.ask("remove_montage", {name: title})
      const {[title]: gone, ...others} = scene.now.montages
      if (state.now.montage == title) {
        state.set({montage: MONTAGES[0][0]})
      }
      scene.set({montages: others})
      box.close()
    } catch (error) {
      words.textContent = error.message
    }
  }

  const custom = () => {
    const names = Object.keys(scene.now.montages)
    if (names.length == 0) {
      open()
    } else {
      state.set({montage: names[(names.indexOf(state.now.montage) + 1) % names.length]})
    }
  }
  document.querySelector("#bar [name=montage]").after(button("edit", "✎", "Montages of your own (c)", open))
  keys.add(
    {keys: ["5"], words: "Montages of your own, one after the other", group: "Montage", run: custom},
    {keys: ["c"], words: "Make or change a montage", group: "Montage", run: open},
  )

  let listed = false
  const check = () => {
    const {montage} = state.now
    if (listed && !isStandard(montage) && !(montage in scene.now.montages)) {
      viewer.tell("hint", `There is no montage “${montage}” in this store.`)
      state.set({montage: MONTAGES[0][0]})
    }
  }

  /** Ask until the store says which montages it keeps: the address may name one of them. */
  const ask = async () => {
    try {
      scene.set({montages: {...(await kept(api)), ...scene.now.montages}})
    } catch (error) {
      if (error instanceof Away) {
        setTimeout(ask, AGAIN)
        return
      }
      viewer.tell("hint", error.message)
    }
    listed = true
    check()
  }
  state.on(["montage"], check)
  void ask()
}

/** The montages that the store keeps: name -> lines. */
async function kept(api) {
  const {montages} = await api.json("/montages")
  return Object.fromEntries(montages.map(({name, lines}) => [name, lines]))
}
