// Following what grows: the button, and what it means.

import {button, place} from "./dom.js"

export function live({state, scene, moves, keys}) {
  const toggle = () => (state.now.live ? state.set({live: false}) : moves.live())
  const sign = button("live", "Live", "Follow the end of the recording (v)", toggle)
  place("bar").querySelector("[name=seek]").parentElement.append(sign)
  const show = () => {
    sign.setAttribute("aria-pressed", state.now.live)
    sign.disabled = scene.now.study == null || scene.now.study.closed
  }
  state.on(["live"], show)
  scene.on(["study"], show)
  show()
  keys.add({keys: ["v"], words: "Follow the end of what is being recorded", group: "Moving",
    run: () => sign.disabled || toggle()})
}
