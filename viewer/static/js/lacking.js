// What a page does not show, in words: derivations that cannot be made, channels, traces and samples left out.

/** "no Pz · not shown: Cz-Pz", or "" when all of the montage is there. */
export function lacking({unavailable}) {
  const missing = [...new Set(unavailable.flatMap((one) => one.missing))]
  return [missing.length && `no ${missing.join(", ")}`,
    unavailable.length && `not shown: ${unavailable.map(({label}) => label).join(", ")}`].filter(Boolean).join(" · ")
}

/** The label of a row of the study's channel table. */
export const labelOf = (study, row) => study?.channels?.[row]?.label ?? `row ${row}`

/** How many samples share a column where most do. */
export const reduction = ({blocks}) => Math.max(1, ...blocks.map((block) => block.per_column))

/** "÷6, peaks kept", or what else became of the samples of a page. */
export function drawn(page) {
  const most = reduction(page)
  return page.spans.length == 0 ? "no samples" : most > 1 ? `÷${most}, peaks kept` : "every sample drawn"
}
