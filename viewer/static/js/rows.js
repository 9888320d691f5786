// The channels of a study: those of its first recording, and what later ones bring.

/** Labels that may repeat, made unique as the store does: T8-P8 twice is T8-P8-0, T8-P8-1. */
function unique(labels) {
  const taken = new Set(labels), count = new Map()
  return labels.map((label) => {
    if (labels.indexOf(label) == labels.lastIndexOf(label)) {
      return label
    }
    let name = label
    while (taken.has(name)) {
      const number = count.get(label) ?? 0
      name = `${label}-${number}`
      count.set(label, number + 1)
    }
    taken.add(name)
    return name
  })
}

/** The channel table of a study, and for each recording the rows of its own channels in it. */
export function tableOf(recordings) {
  const channels = [], at = new Map(), rows = {}
  for (const recording of recordings) {
    rows[recording.recording_id] = unique(recording.channels.map(({label}) => label)).map((name, row) => {
      if (!at.has(name)) {
        at.set(name, channels.length)
        channels.push(recording.channels[row])
      }
      return at.get(name)
    })
  }
  return {channels, rows}
}

/** Rows of the study's table that an entry is about; empty: all. */
export const rowsOfEntry = (study, {recording_id, channels}) =>
  channels.map((row) => study.rows[recording_id]?.[row]).filter((row) => row != null)

/** Rows of a recording's own table, from those of the study's; what it has not is left out. */
export const ownRows = (study, recording_id, rows) =>
  rows.map((row) => study.rows[recording_id].indexOf(row)).filter((row) => row >= 0)
