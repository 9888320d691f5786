// What may be chosen on the bar; the filters' own room is eegstore.signal.filter_setting.

export const LFF = ["off", "0.1", "0.3", "0.5", "1", "1.6", "3", "5"] // [Hz]
export const HFF = ["15", "30", "35", "50", "70", "100", "off"] // [Hz]
export const NOTCH = ["off", "50", "60"] // [Hz]
export const MONTAGES = [
  ["recorded", "As recorded"],
  ["longitudinal", "Longitudinal bipolar"],
  ["transverse", "Transverse"],
  ["average", "Average reference"],
]
