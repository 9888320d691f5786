// Frames of the API: 4 bytes header length, JSON header, arrays.

const NOTHING = -32768

/** The header of a frame, and where its arrays begin [byte]. */
export function header(buffer) {
  const length = new DataView(buffer).getUint32(0, true)
  const text = new TextDecoder().decode(new Uint8Array(buffer, 4, length))
  return {head: JSON.parse(text), at: 4 + length}
}

/**
 * A page of traces; each has `x` [s] from page start, and `values` in its unit, NaN in gaps; and a
 * `name` that no other trace has.
 */
export function page(buffer) {
  const {head, at} = header(buffer)
  const names = unique(head.traces.map(({label}) => label))
  const traces = head.traces.map((trace, index) => ({...trace, name: names[index]}))
  let position = at
  for (const block of head.blocks) {
    const bytes = 4 * block.n_points
    const x = new Float32Array(buffer.slice(position, position + bytes))
    position += bytes
    for (const index of block.traces) {
      const counts = new Int16Array(buffer.slice(position, position + bytes / 2))
      position += bytes / 2
      Object.assign(traces[index], {x, values: scaled(counts, traces[index].scale), per_column: block.per_column})
    }
  }
  if (position != buffer.byteLength) {
    throw new Error(`a page of ${buffer.byteLength} bytes, its header describes ${position}`)
  }
  return {...head, start: number(head.start), stop: number(head.end), traces}
}

/** Labels made unique as the API and MNE do: T8-P8 twice becomes T8-P8-0 and T8-P8-1. */
export function unique(labels) {
  const taken = new Set(labels), counts = new Map()
  return labels.map((label) => {
    if (labels.indexOf(label) == labels.lastIndexOf(label)) {
      return label
    }
    let name = label, count = counts.get(label) ?? 0
    while (taken.has(name)) {
      name = `${label}-${count++}`
    }
    counts.set(label, count)
    taken.add(name)
    return name
  })
}

/** A number from "12.5", "25/2" or 12.5. */
export function number(text) {
  const [above, below = 1] = String(text).split("/")
  return Number(above) / Number(below)
}

function scaled(counts, scale) {
  const values = new Float32Array(counts.length)
  for (let i = 0; i < counts.length; i++) {
    values[i] = counts[i] == NOTHING ? NaN : counts[i] * scale
  }
  return values
}
