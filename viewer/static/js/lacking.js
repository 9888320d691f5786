// What a page does not show, in words: derivations that cannot be made, channels and traces left out.

/** "no Pz · not shown: Cz-Pz", or "" when all of the montage is there. */
export function lacking({unavailable}) {
  const missing = [...new Set(unavailable.flatMap((one) => one.missing))]
  return [missing.length && `no ${missing.join(", ")}`,
    unavailable.length && `not shown: ${unavailable.map(({label}) => label).join(", ")}`].filter(Boolean).join(" · ")
}

/** The label of a row of the study's channel table. */
export const labelOf = (study, row) => study?.channels?.[row]?.label ?? `row ${row}`
