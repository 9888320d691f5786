// The page on the screen: the traces' source, and when it is painted.

import {THEMES} from "./palette.js"
import {linesOf, renewed, rowsOf} from "./stack.js"
import {seconds} from "./times.js"

const LOOK = ["sensitivity", "negativeUp", "gains", "perMm", "theme", "clip", "bad", "hidden"]

/** Draw whatever is `scene.page`, as the state wants it to look. */
export function draw({state, scene, models, counts}) {
  const {traces, seconds: grid, gaps, rails, xs, ys} = models

  const lines = () => {
    const {page, height, study} = scene.now
    if (page == null || !height) {
      put(traces, {})
      return
    }
    const layout = rowsOf(page.traces.map((trace) => ({...trace, range: rangeOf(study, trace)})), state.now.hidden, height)
    put(traces, linesOf(layout, state.now))
    put(rails, clipped(layout, page.start))
    scene.set({layout, drawn: scene.now.drawn + 1})
    painted(page)
  }

  /** Part of the page that is drawn already, in its place. */
  const renew = ({page}) => {
    const {layout} = scene.now
    const rows = layout.rows.map((row) => ({...row, trace: {...row.trace, ...page.traces[row.index]}}))
    const same = renewed(traces.data, {...layout, rows}, state.now, page.renewed.from, page.renewed.to)
    traces.patching.emit(rows.map((_, k) => k))
    put(rails, clipped({...layout, rows}, page.start))
    scene.set({layout: {...layout, rows}, drawn: scene.now.drawn + (same ? 0 : 1)})
    painted(page)
  }

  const field = () => {
    const {page} = scene.now
    if (page == null) {
      put(gaps, {})
      put(grid, {})
      return
    }
    const length = page.stop - page.start
    xs.setv({start: 0, end: length}, {sync: false})
    const at = seconds(page.start, length)
    put(grid, {
      x: at,
      width: at.map((x) => (Math.abs((page.start + x) % 5) < 1e-6 && length > 15 ? 1.6 : 0.8)),
    })
    put(gaps, gapsOf(page, scene.now.study))
  }

  const painted = (page) => {
    requestAnimationFrame(() => requestAnimationFrame(() => {
      performance.clearMarks("painted")
      performance.mark("painted")
      counts.painted++
      scene.set({painted: page})
    }))
  }

  const dye = () => {
    const colors = THEMES[state.now.theme]
    const paper = {background_fill_color: colors.paper, border_fill_color: colors.paper}
    models.figure.setv(paper, {sync: false})
    models.seconds_glyph.setv({line_color: {value: colors.grid}}, {sync: false})
    models.gaps_glyph.setv({fill_color: {value: colors.gap}, hatch_color: {value: colors.gap}}, {sync: false})
    models.rails_glyph.setv({fill_color: {value: colors.rail}, line_color: {value: colors.rail}}, {sync: false})
  }

  scene.on(["page"], (now, before) => {
    field()
    if (now.page != null && now.page.renewed != null && now.page.renewed.of === before.page) {
      renew(now)
    } else {
      lines()
    }
  })
  scene.on(["height"], () => {
    ys.setv({start: scene.now.height, end: 0}, {sync: false})
    lines()
  })
  state.on(LOOK, lines)
  state.on(["theme"], dye)
  scene.on(["study"], field)
  dye()
}

/** Replace the columns of a source here only: Python must not get them back. */
export function put(source, columns) {
  const empty = Object.fromEntries(Object.keys(source.data).map((name) => [name, []]))
  source.setv({data: {...empty, ...columns}}, {sync: false})
}

/** The parts of a page that hold no samples; what is still to come is no gap. */
export function gapsOf(page, study) {
  const growing = study != null && !study.closed && page.stop >= study.duration
  const end = growing ? page.spans.at(-1)?.[1] ?? page.start : page.stop
  const found = {left: [], right: []}
  let at = page.start
  for (const [start, stop] of [...page.spans, [end, end]]) {
    if (start > at + 1e-6 && at < end) {
      found.left.push(at - page.start)
      found.right.push(Math.min(start, end) - page.start)
    }
    at = Math.max(at, stop)
  }
  return found
}

/** Where counts lie at the rails of the amplifier. */
function clipped({rows, rowHeight}, start) {
  const found = {left: [], right: [], top: [], bottom: []}
  for (const {trace, centre} of rows) {
    for (const [from, to] of trace.clips ?? []) {
      found.left.push(from - start)
      found.right.push(to - start)
      found.top.push(centre - rowHeight / 2)
      found.bottom.push(centre + rowHeight / 2)
    }
  }
  return found
}

/** Physical range of a trace that is one channel as recorded, where it is known. */
function rangeOf(study, {rows}) {
  const channel = rows.length == 1 ? study?.channels?.[rows[0]] : null
  return channel == null ? 0 : Math.abs(channel.physical_max - channel.physical_min)
}
