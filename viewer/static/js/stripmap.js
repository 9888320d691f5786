// The picture of the strip: envelope, gaps, what was looked at, and above all else the events.

import {color, hatching} from "./paper.js"
import {marksOf} from "./timeline.js"

export const SEEN = 4 // [px], the bar of what was looked at
const MARK = 7 // [px], what is no seizure, at the top
const LEAST = 2 // [px], the narrowest event

/**
 * Paint it.
 *
 * what: {part, band, edges, holes: {empty, partial}, seen (spans), seizures (spans),
 * others: [{color, spans}]}; null where something is not known yet.
 */
export function paintStrip({context, width, height}, {part, band, edges, holes, seen, seizures, others}) {
  const [from, to] = part
  const x = (second) => ((second - from) / (to - from)) * width
  const field = height - SEEN - 1
  if (holes != null) {
    const gap = color("--gap")
    context.fillStyle = gap
    context.globalAlpha = 0.15
    bars(context, marksOf(holes.empty, part, width, 1), 0, field)
    context.globalAlpha = 0.7
    bars(context, marksOf(holes.partial, part, width, 1), 0, field)
    context.globalAlpha = 0.5
    context.fillStyle = hatching(context, gap)
    bars(context, marksOf(holes.empty, part, width, 1), 0, field)
    context.globalAlpha = 1
  }
  if (band?.reach > 0) {
    context.fillStyle = color("--envelope")
    const middle = field / 2, scale = (field / 2 - 1) / band.reach
    const y = (value) => middle - Math.min(Math.max(value * scale, -middle), middle)
    for (let k = 0; k < band.low.length; k++) {
      if (!Number.isNaN(band.low[k])) {
        const left = Math.round(x(edges[k])), top = y(band.high[k])
        context.fillRect(left, top, Math.max(Math.round(x(edges[k + 1])) - left, 1), Math.max(y(band.low[k]) - top, 1))
      }
    }
  }
  context.fillStyle = color("--line")
  context.fillRect(0, height - SEEN, width, SEEN)
  context.fillStyle = color("--seen")
  bars(context, marksOf(seen ?? [], part, width, 1), height - SEEN, SEEN)
  for (const {color: own, spans} of others) {
    context.fillStyle = own
    bars(context, marksOf(spans, part, width, LEAST), 0, MARK)
  }
  const red = marksOf(seizures, part, width, LEAST)
  context.fillStyle = color("--seizure")
  context.globalAlpha = 0.35
  bars(context, red, 0, field)
  context.globalAlpha = 1
  bars(context, red, 0, MARK)
  for (const [left, right] of red) {
    if (right - left <= 2 * LEAST) {
      context.fillRect(left, 0, right - left, field)
    }
  }
}

function bars(context, marks, top, height) {
  for (const [left, right] of marks) {
    context.fillRect(left, top, right - left, height)
  }
}
