// An amplitude spectrum as a small picture.

import {figure} from "./reading.js"

const NS = "http://www.w3.org/2000/svg"
const WIDTH = 298, HEIGHT = 110, LEFT = 6, TOP = 16, BELOW = 15 // [px]
const EVERY = 10 // [Hz] between two ticks

const draw = (tag, attributes, text = null) => {
  const element = document.createElementNS(NS, tag)
  Object.entries(attributes).forEach(([name, value]) => element.setAttribute(name, value))
  element.textContent = text
  return element
}

/** Amplitudes over frequency, with the highest line named; {frequencies [Hz], amplitudes, peak [Hz]}. */
export function plot({frequencies, amplitudes, peak}, unit) {
  const top = Math.max(...amplitudes.slice(1), 1e-12)
  const last = frequencies.at(-1)
  const x = (hertz) => LEFT + ((WIDTH - 2 * LEFT) * hertz) / last
  const y = (value) => HEIGHT - BELOW - ((HEIGHT - BELOW - TOP) * Math.min(value, top)) / top
  const root = draw("svg", {viewBox: `0 0 ${WIDTH} ${HEIGHT}`, width: WIDTH, height: HEIGHT, role: "img",
    "aria-label": `Amplitude spectrum, highest at ${figure(peak)} Hz`})
  for (let hertz = 0; hertz <= last + 1e-6; hertz += EVERY) {
    root.append(draw("line", {x1: x(hertz), x2: x(hertz), y1: TOP, y2: HEIGHT - BELOW, class: "grid"}),
      draw("text", {x: x(hertz), y: HEIGHT - 3, "text-anchor": hertz == 0 ? "start" : "middle"}, `${hertz}${hertz == 0 ? " Hz" : ""}`))
  }
  const points = frequencies.map((hertz, k) => `${x(hertz).toFixed(1)},${y(amplitudes[k]).toFixed(1)}`)
  const named = `peak ${figure(peak)} Hz, ${figure(amplitudes[frequencies.indexOf(peak)])} ${unit == "uV" ? "µV" : unit}`
  root.append(draw("polyline", {points: points.join(" "), class: "amplitudes"}),
    draw("line", {x1: x(peak), x2: x(peak), y1: TOP - 4, y2: TOP, class: "peak"}),
    draw("text", {x: Math.min(Math.max(x(peak), 72), WIDTH - 72), y: 10, "text-anchor": "middle", class: "named"}, named))
  return root
}
