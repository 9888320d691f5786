// Clock and elapsed time as people write them, both ways. Times are study seconds [s].

const DAY = 86400, HOUR = 3600 // [s]
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600]

const two = (number) => String(number).padStart(2, "0")

/** Time from the start: "0:49:56"; hours go on beyond 24. With digits: "0:49:56.5". */
export function elapsed(second, digits = 0) {
  const unit = 10 ** digits
  const ticks = Math.floor(second * unit + 1e-6)
  const whole = Math.floor(ticks / unit)
  const rest = digits ? "." + String(ticks - whole * unit).padStart(digits, "0") : ""
  return `${Math.floor(whole / 3600)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}${rest}`
}

/** What the clock on the wall showed; a zone's clocks change at night as they did there. */
export class Clock {
  #start // [ms], UTC when the zone is known, else as if the local time were UTC
  #format = null

  constructor({start_time, zone, utc_offset}) {
    this.known = start_time != null
    this.zone = zone ?? null
    if (!this.known) {
      return
    }
    this.#start = Date.parse(`${String(start_time).replace(/(Z|[+-]\d\d:\d\d)$/, "")}Z`)
    if (zone != null && utc_offset != null) {
      try {
        this.#format = new Intl.DateTimeFormat("en-GB", {
          timeZone: zone, hourCycle: "h23", year: "numeric", month: "numeric", day: "numeric",
          hour: "numeric", minute: "numeric", second: "numeric",
        })
        this.#start -= 1000 * utc_offset
      } catch {
        this.#format = null // a zone that this browser does not know: the clock runs on
      }
    }
  }

  /** The local time at a second, as a Date whose UTC fields show it; null when not known. */
  at(second) {
    if (!this.known) {
      return null
    }
    const instant = this.#start + Math.floor(second * 1000 + 1e-6)
    if (this.#format == null) {
      return new Date(instant)
    }
    const parts = Object.fromEntries(
      this.#format.formatToParts(instant).map(({type, value}) => [type, Number(value)]))
    const {year, month, day, hour, minute, second: seconds} = parts
    const ms = ((instant % 1000) + 1000) % 1000
    return new Date(Date.UTC(year, month - 1, day, hour, minute, seconds, ms))
  }

  /** "22:58:30", or the elapsed time when no clock time is known. */
  text(second, digits = 0) {
    const at = this.at(second + 1e-6)
    if (at == null) {
      return elapsed(second, digits)
    }
    const rest = digits ? "." + String(at.getUTCMilliseconds()).padStart(3, "0").slice(0, digits) : ""
    return `${two(at.getUTCHours())}:${two(at.getUTCMinutes())}:${two(at.getUTCSeconds())}${rest}`
  }

  /** "2076-11-06", or "" when not known. */
  day(second) {
    return this.at(second)?.toISOString().slice(0, 10) ?? ""
  }

  /** "6 Nov 2076", or "" when not known. */
  date(second) {
    const at = this.at(second)
    const name = {day: "numeric", month: "short", year: "numeric", timeZone: "UTC"}
    return at == null ? "" : at.toLocaleDateString("en-GB", name)
  }

  /** "Sat 6 Nov" */
  weekday(second) {
    const at = this.at(second)
    const name = {weekday: "short", day: "numeric", month: "short", timeZone: "UTC"}
    return at == null ? "" : at.toLocaleDateString("en-GB", name)
  }
}

/**
 * The second that somebody means, of a study that lasts `extent` [s].
 *
 * "22:58", "22:58:30" and "2076-11-06 22:58:30" are clock times, the time of day nearest to
 * `near`; "2996" and "+0:49:56" count from the start. Without a clock "0:49:56" does, too.
 * An Error says in words what is wrong.
 */
export function seek(text, clock, near, extent) {
  const asked = text.trim()
  const inside = (second) => {
    if (second == null || !(second >= 0 && second <= extent)) {
      const limits = `${clock.text(0)} to ${clock.text(extent)} (${elapsed(extent)})`
      throw new Error(`${asked} is not within the study, ${limits}`)
    }
    return second
  }
  if (/^\+?\d{1,9}(\.\d{1,6})?$/.test(asked)) {
    return inside(Number(asked))
  }
  const parts = /^(\+?)(\d{1,4}):([0-5]?\d)(?::([0-5]?\d(?:\.\d{1,6})?))?$/.exec(asked)
  if (parts != null) {
    const since = 3600 * Number(parts[2]) + 60 * Number(parts[3]) + Number(parts[4] ?? 0)
    if (parts[1] || !clock.known) {
      return inside(since)
    }
    if (since >= DAY) {
      throw new Error(`${asked} is no time of day; put a + in front for time from the start`)
    }
    return inside(nearest(ofDay(clock, since, extent), near))
  }
  const day = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?)$/.exec(asked)
  const wanted = day == null ? NaN : Date.parse(`${day[1]}T${day[2]}Z`)
  if (Number.isNaN(wanted)) {
    throw new Error(`${asked} is no time: write 22:30:10, 2076-11-06 22:30, 2996 or +0:49:56`)
  }
  if (!clock.known) {
    throw new Error(`${asked} is a clock time, and this recording has none; write seconds`)
  }
  const guess = (wanted - clock.at(0).getTime()) / 1000
  const found = [0, -HOUR, HOUR].map((change) => shownAt(clock, guess + change, wanted))
  return inside(nearest(found.filter((second) => second != null && second >= 0 && second <= extent), near))
}

function nearest(seconds, near) {
  return seconds.reduce(
    (best, one) => (best == null || Math.abs(one - near) < Math.abs(best - near) ? one : best), null)
}

/** All seconds at which the clock showed a time of day, `since` midnight [s]; one night twice. */
function ofDay(clock, since, extent) {
  const start = clock.at(0).getTime()
  const midnight = Math.floor(start / 1000 / DAY) * DAY * 1000
  const found = []
  for (let day = 0; day <= extent / DAY + 1; day++) {
    const wanted = midnight + 1000 * (day * DAY + since)
    for (const change of [0, -HOUR, HOUR]) {
      const second = shownAt(clock, (wanted - start) / 1000 + change, wanted)
      if (second != null && second >= 0 && second <= extent) {
        found.push(second)
      }
    }
  }
  return found
}

/** The second near `guess` at which the clock shows `wanted`; null when it skips that time. */
export function shownAt(clock, guess, wanted) {
  let second = guess
  for (let step = 0; step < 2; step++) {
    second += (wanted - clock.at(second).getTime()) / 1000
  }
  return Math.abs(clock.at(second).getTime() - wanted) < 2 ? second : null
}

/** Where the time axis is labelled, as many as fit: whole multiples of a step, in study time. */
export function ticks(start, duration, width, each) {
  const fitting = Math.max(1, Math.floor(width / each))
  const step = STEPS.find((one) => duration / one <= fitting) ?? STEPS.at(-1)
  const found = []
  for (let at = Math.ceil(start / step - 1e-9) * step; at < start + duration - 1e-9; at += step) {
    found.push(at)
  }
  return found
}

/** The whole seconds on a page, as distances from its start. */
export function seconds(start, duration) {
  const first = Math.ceil(start - 1e-9)
  const count = Math.max(0, Math.floor(start + duration + 1e-9) - first + 1)
  return Array.from({length: count}, (_, k) => first + k - start)
}
