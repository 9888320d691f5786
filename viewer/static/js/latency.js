// How long it takes from the commit of a second until it is painted [ms], for the benches.

const MOST = 1000 // lags that are kept
const LONGEST = 60000 // [ms]; what is painted later was not looked at before

/** Returns `heard(seconds, at)`, to be told of news; what of them was painted stands in `counts.lags`. */
export function latency({scene, counts}) {
  let waiting = []
  counts.lags = []

  scene.on(["painted"], ({painted}) => {
    const now = performance.timeOrigin + performance.now()
    const there = ([from, to]) => painted.spans.some(([start, stop]) => start <= from && to <= stop)
    counts.lags.push(...waiting.filter(({span}) => there(span)).map(({at}) => now - at))
    counts.lags.splice(0, counts.lags.length - MOST)
    waiting = waiting.filter(({span, at}) => !there(span) && now - at < LONGEST)
  })
  return (seconds, at) => waiting.push(...seconds.map((span) => ({span, at})))
}
