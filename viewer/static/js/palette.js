// Colours. Traces: Okabe and Ito's palette for all kinds of colour vision (2008), by side and kind.

const OKABE_ITO = {
  black: "#000000", orange: "#E69F00", sky: "#56B4E9", green: "#009E73",
  yellow: "#F0E442", blue: "#0072B2", vermillion: "#D55E00", purple: "#CC79A7",
}

export const THEMES = {
  light: {
    left: OKABE_ITO.blue, right: OKABE_ITO.vermillion, midline: OKABE_ITO.black, none: OKABE_ITO.black,
    ekg: OKABE_ITO.purple, other: OKABE_ITO.green, bad: "#9aa5b1",
    grid: "#dfe5ea", gap: "#8a929c", rail: OKABE_ITO.purple, paper: "#ffffff", ink: "#17324d",
  },
  dark: {
    left: OKABE_ITO.sky, right: OKABE_ITO.orange, midline: "#e8edf2", none: "#e8edf2",
    ekg: OKABE_ITO.purple, other: "#2fb98f", bad: "#5c6875",
    grid: "#26313c", gap: "#74808c", rail: OKABE_ITO.yellow, paper: "#10161c", ink: "#dbe4ec",
  },
}

/** The colour of a trace: its own, else of its side, else of its kind. */
export function colorOf(trace, theme) {
  const colors = THEMES[theme]
  if (trace.color) {
    return trace.color
  }
  if (trace.kind == "eeg" || trace.kind == "eog") {
    return colors[trace.side] ?? colors.none
  }
  return trace.kind == "ekg" ? colors.ekg : colors.other
}
