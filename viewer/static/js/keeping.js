// What is shown of the part of the study on the strip: asked for once the page is painted, and seldom.

import {Away} from "./api.js"

const AFTER = 150 // [ms] without another zoom
const SOON = 1500 // [ms] while the store is still at work on it
const AGAIN = 5000 // [ms] after the store did not answer

/**
 * Keeps `scene[name]`: what `load(study, [from, to], width)` brings, and with it `of`, `from` and `to`.
 *
 * It is for one study, one width [px] and one `kind()`, a text; where that is null nothing is
 * wanted. While the study grows it is asked for once there is another pixel, at most `every`
 * [ms]; while it is not `complete` (false) again and again. Returns what looks whether to ask.
 */
export function keeping({state, scene}, name, {kind, load, every}) {
  scene.add({[name]: null})
  let busy = false, timer = null, last = -Infinity

  const wish = () => {
    const {study, part, painted, width} = scene.now
    return study == null || painted == null || !width || document.hidden || kind() == null ? null
      : {of: JSON.stringify([study.patient_id, study.study_id, Math.round(width), kind()]), from: part[0], to: part[1]}
  }

  /** How long until it is asked for [ms]; null: what there is will do. */
  const pause = () => {
    const wanted = wish(), known = scene.now[name]
    if (wanted == null) {
      return null
    }
    if (known == null || known.of != wanted.of) {
      return 0
    }
    const rest = (pause) => Math.max(last + pause - performance.now(), 0)
    if (known.complete === false) {
      return rest(SOON)
    }
    if (known.from == wanted.from && state.now.stretch == null) {
      return wanted.to - known.to >= (wanted.to - wanted.from) / scene.now.width ? rest(every) : null
    }
    return known.from == wanted.from && known.to == wanted.to ? null : AFTER
  }

  const look = () => {
    const wait = busy ? null : pause()
    clearTimeout(timer)
    if (wait != null) {
      timer = setTimeout(() => void ask(), wait)
    }
  }

  const ask = async () => {
    const wanted = wish(), {study, width} = scene.now
    if (busy || wanted == null) {
      return
    }
    busy = true
    let found = null
    try {
      found = await load(study, [wanted.from, wanted.to], Math.round(width))
    } catch (error) {
      if (error instanceof Away) {
        await new Promise((resolve) => setTimeout(resolve, AGAIN))
      } else {
        found = {refused: error.message}
      }
    }
    busy = false
    last = performance.now()
    if (found != null && wish()?.of == wanted.of) {
      scene.set({[name]: {...found, ...wanted}})
    }
    look()
  }

  scene.on(["study", "part", "painted", "width"], look)
  document.addEventListener("visibilitychange", look)
  return look
}

/** Whether something kept is of the study that is open. */
export const isOf = (known, study) =>
  known != null && study != null && known.of.startsWith(JSON.stringify([study.patient_id, study.study_id]).slice(0, -1))
