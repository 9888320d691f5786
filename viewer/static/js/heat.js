// Power as colours: spectra of the API on a canvas, and the bar that says what a colour means.

const NOTHING = 255

/** A palette of colours "#rrggbb" as bytes, and as a function from 0 .. 1 to its index. */
export function dyes(palette) {
  return palette.map((color) => [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16)))
}

/**
 * Codes (n_rows, n_columns) as a picture, the first row at the bottom; what has none is clear.
 *
 * level(code) is what it means [dB], `lowest` and `highest` [dB] have the first and last colour.
 */
export function picture({codes, rows, columns, level}, colors, [lowest, highest]) {
  const table = new Uint32Array(256)
  const little = new Uint8Array(table.buffer)
  for (let code = 0; code < NOTHING; code++) {
    const share = (level(code) - lowest) / (highest - lowest)
    const [red, green, blue] = colors[Math.min(Math.max(Math.round(share * (colors.length - 1)), 0), colors.length - 1)]
    little.set([red, green, blue, 255], 4 * code)
  }
  const image = new ImageData(columns, rows)
  const pixels = new Uint32Array(image.data.buffer)
  for (let row = 0; row < rows; row++) {
    const first = (rows - 1 - row) * columns
    for (let k = 0; k < columns; k++) {
      pixels[first + k] = table[codes[row * columns + k]]
    }
  }
  const canvas = new OffscreenCanvas(columns, rows)
  canvas.getContext("2d").putImageData(image, 0, 0)
  return canvas
}

/** The range [dB] that holds all but a few of the codes, in whole tens. */
export function rangeOf({codes, level}) {
  const there = codes.filter((code) => code != NOTHING).sort()
  if (there.length == 0) {
    return null
  }
  const at = (share) => level(there[Math.round(share * (there.length - 1))])
  const low = Math.floor(at(0.05) / 10) * 10
  return [low, Math.max(Math.ceil(at(0.995) / 10) * 10, low + 10)]
}

/** CSS that runs through a palette from below to above. */
export const gradient = (palette) =>
  `linear-gradient(to top, ${palette.filter((_, k) => k % 15 == 0).join(", ")})`
