// Everything about events, wired: classes, what is said, how it is shown, made and changed.

import {author} from "./author.js"
import {choosing} from "./choosing.js"
import {USUAL} from "./classes.js"
import {cross} from "./cross.js"
import {editing} from "./editing.js"
import {eventlist} from "./eventlist.js"
import {glass} from "./glass.js"
import {handles} from "./handles.js"
import {making} from "./making.js"
import {Marks} from "./marks.js"
import {measuring} from "./measuring.js"
import {selecting} from "./selecting.js"
import {shade} from "./shade.js"

export function marking(viewer) {
  viewer.state.add({classes: USUAL})
  viewer.glass = glass(viewer)
  viewer.marks = new Marks(viewer)
  for (const part of [author, shade, eventlist, selecting, cross, editing, making, choosing, handles, measuring]) {
    part(viewer)
  }
}
