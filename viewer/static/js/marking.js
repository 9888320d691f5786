// Everything about events, wired: classes, what is said, how it is shown, made and changed.

import {author} from "./author.js"
import {choosing} from "./choosing.js"
import {USUAL} from "./classes.js"
import {classing} from "./classing.js"
import {cross} from "./cross.js"
import {editing} from "./editing.js"
import {eventlist} from "./eventlist.js"
import {exporting} from "./exporting.js"
import {glass} from "./glass.js"
import {handles} from "./handles.js"
import {making} from "./making.js"
import {Marks} from "./marks.js"
import {measuring} from "./measuring.js"
import {selecting} from "./selecting.js"
import {shade} from "./shade.js"

export function marking(viewer) {
  const {state} = viewer
  state.add({classes: USUAL})
  if (!Array.isArray(state.now.classes)) {
    state.set({classes: USUAL}) // whatever the browser has kept
  }
  viewer.glass = glass(viewer)
  viewer.marks = new Marks(viewer)
  const parts = [author, shade, eventlist, selecting, cross, editing, making, choosing, handles, measuring, classing,
    exporting]
  for (const part of parts) {
    part(viewer)
  }
}
