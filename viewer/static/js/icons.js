// Signs on buttons, drawn: not every font has them.

const SHAPES = {
  home: "M3 2v10M12 2 5 7l7 5z",
  previous: "M11 2 3 7l8 5z",
  next: "M3 2l8 5-8 5z",
  end: "M11 2v10M2 2l7 5-7 5z",
  play: "M4 2l8 5-8 5z",
  pause: "M4 2v10M10 2v10",
  spectrogram: "M2 8.5h2.5V12H2zM6 5.5h2.5V12H6zM10 2.5h2.5V12H10z",
  trends: "M1.5 10 4 6 6 8.5 9 3l3.5 6L9 6.5 6 12 4 9z",
  menu: "M2 3h10M2 7h10M2 11h10",
}

/** A sign by its name. */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg")
  svg.setAttribute("viewBox", "0 0 14 14")
  svg.setAttribute("class", `icon ${name}`)
  const path = document.createElementNS(svg.namespaceURI, "path")
  path.setAttribute("d", SHAPES[name])
  svg.append(path)
  return svg
}
