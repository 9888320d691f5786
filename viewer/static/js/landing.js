// Where a mark lands: a recording of the study, and one of its samples. Times are study seconds [s].

import {number} from "./frame.js"

/** The recording that is seen at a time; between two files the one before. */
export function recordingAt(study, page, second) {
  const shown = page?.recordings?.find(({start, stop}) => second >= start && second < stop)
  return study.recordings.find(({recording_id}) => recording_id == shown?.recording_id) ??
    study.recordings.findLast(({offset}) => offset <= second + 1e-9) ?? study.recordings[0]
}

/** The samples a second [Hz] of some channels of a recording, the most of them; none: of its EEG. */
export function rateOf(recording, channels) {
  const rates = (rows) => rows.map((row) => recording.channels[row]).filter(Boolean)
  const chosen = rates(channels)
  const all = recording.channels
  const potentials = all.filter(({unit}) => /^[uµm]?V$/.test(unit))
  const of = chosen.length ? chosen : potentials.length ? potentials : all
  return of.map(({sfreq}) => String(sfreq)).reduce((most, one) => (number(one) > number(most) ? one : most))
}

/** The time of the sample nearest to a time, both from the start of a recording; exact where doubles are. */
export function snapped(second, sfreq) {
  const [above, below = 1] = String(sfreq).split("/").map(Number)
  return (Math.round((second * above) / below) * below) / above
}

/**
 * Onset and duration [s] of an event from `start` to `stop`, on samples of the recording it begins in.
 *
 * channels: rows of that recording, empty for all; stop may be start, and then duration is null.
 */
export function landed(study, page, start, stop, rowsIn) {
  const recording = recordingAt(study, page, start)
  const channels = rowsIn(recording)
  const sfreq = rateOf(recording, channels)
  const onset = snapped(start - recording.offset, sfreq)
  const length = stop > start ? snapped(stop - recording.offset - onset, sfreq) : 0
  return {recording_id: recording.recording_id, channels, onset, duration: length > 0 ? length : null}
}
