// Wiring: the values, the parts of the page, and the first look at the store.

import {Api} from "./api.js"
import {read} from "./address.js"
import {gaps, times} from "./axis.js"
import {bar} from "./bar.js"
import {below} from "./below.js"
import {calibration} from "./calibration.js"
import {crop} from "./crop.js"
import {draw} from "./draw.js"
import {editor} from "./editor.js"
import {foot} from "./foot.js"
import {Growing} from "./growing.js"
import {help} from "./help.js"
import {Keys} from "./keys.js"
import {labels} from "./labels.js"
import {latency} from "./latency.js"
import {Link} from "./link.js"
import {list} from "./list.js"
import {live} from "./live.js"
import {lost} from "./lost.js"
import {marking} from "./marking.js"
import {menu} from "./menu.js"
import {Moves} from "./moves.js"
import {moving} from "./moving.js"
import {print} from "./print.js"
import {keep, kept} from "./prefs.js"
import {Renewing} from "./renewing.js"
import {GAINS, PER_MM} from "./scale.js"
import {share} from "./share.js"
import {Observed} from "./state.js"
import {Studies, opened} from "./studies.js"
import {Trail} from "./trail.js"
import {Turning} from "./turning.js"
import {notices, who} from "./who.js"

const USUAL = {
  patient: "", study: "", start: 0, duration: 10, paper: false, montage: "recorded",
  lff: "1", hff: "70", notch: "off", phase: "zero", sensitivity: 7, negativeUp: true, bad: [],
  hidden: [], gains: GAINS, clip: false, perMm: PER_MM, theme: "light", live: false,
  playing: false, speed: 1,
}
const KNOWN = {
  studies: [], study: null, identity: null, tally: null, montages: {}, page: null, layout: null, drawn: 0,
  painted: null, stored: [], streaming: false, waiting: false, width: 0, height: 0, notices: {},
}
const PAUSE = 300 // [ms] before Python has a copy of the state

/** Open the viewer on the models of a Bokeh document; called once. */
export async function open(models) {
  const {given} = models.link
  const said = JSON.parse(given)
  const query = new URLSearchParams(location.search)
  const dark = matchMedia("(prefers-color-scheme: dark)").matches ? {theme: "dark"} : {}
  const link = new Link(models.link)
  const viewer = {
    models, link, offers: said, keys: new Keys(), counts: {painted: 0},
    state: new Observed({...USUAL, ...dark, ...kept()}), scene: new Observed(KNOWN),
  }
  const {state, scene, keys} = viewer
  viewer.api = new Api(said.api_url, () => admit(link, said.api_url))
  viewer.api.admit().catch(() => {}) // what it is needed for will say so
  viewer.tell = (about, words) => scene.set({notices: {...scene.now.notices, [about]: words}})
  viewer.open = (asked, wishes) => opened(viewer, asked, wishes)
  viewer.turning = new Turning(viewer)
  viewer.trail = new Trail(viewer)
  viewer.moves = new Moves(viewer)
  viewer.studies = new Studies(viewer)
  viewer.heard = latency(viewer)
  viewer.growing = new Growing(viewer)
  viewer.renewing = new Renewing(viewer)

  keep(state)
  dress(state)
  for (const part of [draw, who, notices, labels, times, gaps, foot, bar, moving, live, list, lost]) {
    part(viewer)
  }
  viewer.menu = menu(viewer)
  for (const part of [editor, calibration, print, crop, share, help, marking, below]) {
    part(viewer)
  }
  keys.listen(window)
  measure(viewer)
  copy(state, link)
  window.eegstore = probe(viewer)

  await viewer.studies.look()
  const begin = () => viewer.open(query, read(query, said))
  if (!begin()) {
    const end = scene.on(["studies"], () => (scene.now.study != null || begin()) && end())
  }
}

/** Let this browser in: Python has the key, and hands over a grant that lasts a moment. */
async function admit(link, base) {
  const {grant} = await link.ask("grant")
  const answer = await fetch(new URL("session", base.replace(/\/*$/, "/")), {
    method: "POST", credentials: "include", headers: {"Content-Type": "application/json"},
    body: JSON.stringify({grant}),
  })
  await answer.arrayBuffer() // what is not read stays under way
}

/** What tests and benches may look at. */
function probe({state, scene, turning, counts, models, keys}) {
  return {
    get state() { return state.now },
    get scene() { return scene.now },
    get settled() { return turning.settled },
    get counts() { return {...counts, ...turning.pages.counts, inFlight: turning.pages.inFlight} },
    get keys() { return keys.table.map(({words}) => words) },
    set: (changes) => state.set(changes),
    models,
  }
}

function dress(state) {
  const show = () => (document.documentElement.dataset.theme = state.now.theme)
  state.on(["theme"], show)
  show()
}

/** The field of traces, as wide and as high as Bokeh has laid it out. */
function measure({models, scene}) {
  const {figure} = models
  const show = () => figure.inner_width && scene.set({width: figure.inner_width, height: figure.inner_height})
  figure.connect(figure.properties.inner_width.change, show)
  figure.connect(figure.properties.inner_height.change, show)
  show()
}

function copy(state, link) {
  let timer = null
  state.on(null, () => {
    clearTimeout(timer)
    timer = setTimeout(() => link.copy(state.now), PAUSE)
  })
}
