// Frames of the API: 4 bytes header length, JSON header, arrays.

const NOTHING = -32768

/** The header of a frame, and where its arrays begin [byte]. */
export function header(buffer) {
  const length = new DataView(buffer).getUint32(0, true)
  const text = new TextDecoder().decode(new Uint8Array(buffer, 4, length))
  return {head: JSON.parse(text), at: 4 + length}
}

/** A page of traces; each has `x` [s] from page start, and `values` in its unit, NaN in gaps. */
export function page(buffer) {
  const {head, at} = header(buffer)
  const traces = head.traces.map((trace) => ({...trace}))
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
