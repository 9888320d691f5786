// The montages that every recording has; see eegstore.signal.derivations.

export const MONTAGES = [
  ["recorded", "As recorded"],
  ["longitudinal", "Longitudinal bipolar"],
  ["transverse", "Transverse"],
  ["average", "Average reference"],
]

/** Whether every recording has a montage of that name. */
export const isStandard = (name) => MONTAGES.some(([one]) => one == name)
