// Everything about events, wired: classes, what is said, how it is shown.

import {author} from "./author.js"
import {USUAL} from "./classes.js"
import {eventlist} from "./eventlist.js"
import {Marks} from "./marks.js"
import {shade} from "./shade.js"

export function marking(viewer) {
  viewer.state.add({classes: USUAL})
  viewer.marks = new Marks(viewer)
  for (const part of [author, shade, eventlist]) {
    part(viewer)
  }
}
