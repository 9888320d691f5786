"""Montages of referential, bipolar and odd recordings."""

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from eegstore.errors import InvalidDataError
from eegstore.model import Channel
from eegstore.signal.derivations import STANDARD, derive, groups
from eegstore.signal.leads import Kind
from eegstore.signal.montage import LONGITUDINAL, TRANSVERSE, Derived, Line, Trace, apply
from eegstore.signal.names import Side

TEN_TWENTY = [
    "Fp1", "Fp2", "F7", "F3", "Fz", "F4", "F8", "T7", "C3", "Cz", "C4", "T8", "P7", "P3", "Pz",
    "P4", "P8", "O1", "O2",
]  # fmt: skip
CHBMIT = [
    "FP1-F7", "F7-T7", "T7-P7", "P7-O1", "FP1-F3", "F3-C3", "C3-P3", "P3-O1", "FP2-F4", "F4-C4",
    "C4-P4", "P4-O2", "FP2-F8", "F8-T8", "T8-P8", "P8-O2", "FZ-CZ", "CZ-PZ", "P7-T7", "T7-FT9",
    "FT9-FT10", "FT10-T8", "T8-P8",
]  # fmt: skip


def channels(labels: Sequence[str], unit: str = "uV", rate: int = 256) -> list[Channel]:
    return [Channel(label, Fraction(rate), unit) for label in labels]


def one(labels: Sequence[str], text: str, bad: Sequence[int] = ()) -> Trace:
    derived = derive(channels(labels), [Line(text)], bad)
    assert len(derived.traces) == 1, derived.unavailable
    return derived.traces[0]


def why_not(labels: Sequence[str], text: str, bad: Sequence[int] = ()) -> str:
    derived = derive(channels(labels), [Line(text)], bad)
    assert not derived.traces
    return derived.unavailable[0].reason


def labels_of(derived: Derived) -> list[str]:
    return [trace.label for trace in derived.traces]


def weights(trace: Trace) -> dict[int, float]:
    return dict(zip(trace.rows, trace.weights, strict=True))


@pytest.mark.parametrize("form", ["{}", "EEG {}-Ref", "EEG {}-LE", "{}-AVG", "POL {}", "{}-Cz"])
@pytest.mark.parametrize("montage", ["longitudinal", "transverse"])
def test_referential_recordings_give_differences(form: str, montage: str) -> None:
    names = [name for name in TEN_TWENTY if form != "{}-Cz" or name != "Cz"]
    recorded = channels([form.format(name) for name in names])
    derived = derive(recorded, montage)
    assert derived.unavailable == ()
    pairs = LONGITUDINAL if montage == "longitudinal" else TRANSVERSE
    assert labels_of(derived) == list(pairs)
    for trace in derived.traces:
        plus, minus = trace.label.split("-")
        expected = {names.index(plus): 1.0} if plus in names else {}
        if minus in names:
            expected[names.index(minus)] = -1.0
        assert weights(trace) == expected
        assert trace.noise == pytest.approx(len(expected) ** 0.5)
        assert trace.kind is Kind.EEG


def test_old_names_are_understood_and_kept() -> None:
    old = {"T7": "T3", "T8": "T4", "P7": "T5", "P8": "T6"}
    derived = derive(channels([old.get(name, name) for name in TEN_TWENTY]), "longitudinal")
    assert derived.unavailable == ()
    assert labels_of(derived)[:4] == ["Fp1-F7", "F7-T3", "T3-T5", "T5-O1"]
    new = derive(channels(TEN_TWENTY), [Line("t3-T5")])
    assert labels_of(new) == ["T7-P7"]


def test_a_missing_electrode_is_named() -> None:
    derived = derive(channels([name for name in TEN_TWENTY if name != "T7"]), "longitudinal")
    assert [one.label for one in derived.unavailable] == ["F7-T7", "T7-P7"]
    assert derived.unavailable[0].reason == "no channel has T7"
    assert derived.unavailable[0].missing == ("T7",)
    assert why_not(["Fp1"], "Cz-Oz") == "no channel has Cz, Oz"


def test_bad_channels_make_no_derivation() -> None:
    bad = TEN_TWENTY.index("C3")
    derived = derive(channels(TEN_TWENTY), "longitudinal", [bad])
    assert [one.label for one in derived.unavailable] == ["F3-C3", "C3-P3"]
    assert derived.unavailable[0].reason == "C3: only in channels marked bad"
    assert all(bad not in trace.rows for trace in derived.traces)
    assert len(derive(channels(TEN_TWENTY), "recorded", [bad]).traces) == 19


def test_the_average_is_of_good_scalp_electrodes() -> None:
    recorded = channels([*TEN_TWENTY, "A1", "EOG LOC", "EKG"])
    bad = TEN_TWENTY.index("T8")
    data = np.random.default_rng(1).normal(size=(len(recorded), 50))
    derived = derive(recorded, "average", [bad])
    made = dict(zip(labels_of(derived), apply(derived.traces, range(22), data), strict=True))
    used = [row for row in range(19) if row != bad]
    np.testing.assert_allclose(made["C3-Avg"], data[TEN_TWENTY.index("C3")] - data[used].mean(0))
    np.testing.assert_allclose(made["A1-Avg"], data[19] - data[used].mean(axis=0))
    np.testing.assert_allclose(sum(made[f"{TEN_TWENTY[row]}-Avg"] for row in used), 0, atol=1e-12)
    assert [one.label for one in derived.unavailable] == ["T8-Avg"]
    assert labels_of(derived)[-2:] == ["EOG LOC", "EKG"]
    assert made["EKG"] is not None
    assert derived.traces[0].noise == pytest.approx((1 - 1 / 18) ** 0.5)


def test_an_average_of_two_is_none() -> None:
    derived = derive(channels(["EEG Fpz-Cz", "EEG Pz-Oz"]), "average")
    assert derived.traces == ()
    assert "2 electrodes to average; at least 3" in derived.unavailable[0].reason


def test_double_banana_of_chbmit_is_what_was_recorded() -> None:
    derived = derive(channels(CHBMIT), "longitudinal")
    assert derived.unavailable == ()
    for trace in derived.traces:
        assert trace.rows == (CHBMIT.index(trace.label.upper()),)
        assert trace.weights == (1.0,)
        assert trace.noise == 1.0


@pytest.mark.parametrize(
    ("text", "noise"),
    [("F7-F3", 2), ("T7-T8", 3), ("F3-F7", 2), ("T3-T4", 3), ("P7-T7", 1), ("O1-O2", 7),
     ("Fp1-O1", 4), ("C3-C4", 11)],
)  # fmt: skip
def test_bipolar_recordings_give_what_is_in_their_row_space(text: str, noise: int) -> None:
    trace = one(CHBMIT, text)
    assert set(trace.weights) <= {1.0, -1.0}
    assert trace.noise == pytest.approx(noise**0.5)


def test_what_bipolar_recordings_cannot_give_names_the_missing_link() -> None:
    derived = derive(channels(CHBMIT), [Line("C3-CZ")])
    (refused,) = derived.unavailable
    assert refused.label == "C3-Cz"
    assert refused.missing == ()
    c3, cz = refused.groups
    assert "C3" in c3
    assert len(c3) == 18
    assert cz == ("Fz", "Cz", "Pz")
    assert refused.reason.startswith("no channel joins C3 (with Fp1, ")
    assert refused.reason.endswith(" and 9 more) to Cz (with Fz, Pz)")
    assert groups(channels(CHBMIT)) == [c3, cz]


def test_a_bad_link_breaks_a_chain() -> None:
    bridge = CHBMIT.index("FT9-FT10")
    assert "no channel joins T7" in why_not(CHBMIT, "T7-T8", [bridge])
    around = one(CHBMIT, "F7-T7", [CHBMIT.index("F7-T7")])
    assert around.noise == pytest.approx(7**0.5)


@given(st.permutations(sorted({name for label in CHBMIT for name in label.split("-")})),
       st.integers(0, 2**32 - 1))  # fmt: skip
def test_any_derivation_is_the_difference_of_potentials(names: list[str], seed: int) -> None:
    plus, minus = names[:2]
    potentials = dict(zip(names, np.random.default_rng(seed).normal(size=len(names)), strict=True))
    recorded = np.array([[potentials[a] - potentials[b]]
                         for a, b in (label.split("-") for label in CHBMIT)])  # fmt: skip
    derived = derive(channels(CHBMIT), [Line(f"{plus}-{minus}")])
    midline = {"FZ", "CZ", "PZ"}
    assert bool(derived.traces) == ((plus in midline) == (minus in midline))
    if derived.traces:
        made = apply(derived.traces, range(23), recorded)
        assert made[0, 0] == pytest.approx(potentials[plus] - potentials[minus])


def test_average_of_a_bipolar_recording() -> None:
    rng = np.random.default_rng(2)
    names = sorted({name for label in CHBMIT for name in label.split("-")})
    potentials = {name: rng.normal() for name in names}
    recorded = np.array([[potentials[a] - potentials[b]]
                         for a, b in (label.split("-") for label in CHBMIT)])  # fmt: skip
    derived = derive(channels(CHBMIT), "average")
    made = apply(derived.traces, range(23), recorded)[:, 0]
    joined = [name for name in names if name not in ("FZ", "CZ", "PZ")]
    mean = np.mean([potentials[name] for name in joined])
    expected = [potentials[label[:-4].upper()] - mean for label in labels_of(derived)]
    np.testing.assert_allclose(made, expected)
    assert sum(made) == pytest.approx(0)
    assert [one.label for one in derived.unavailable] == ["Fz-Avg", "Cz-Avg", "Pz-Avg"]
    links = [label.split("-") for label in CHBMIT]
    least = np.linalg.pinv([[(name == a) - (name == b) + 0.0 for name in joined]
                            for a, b in links if a in joined])  # fmt: skip
    for trace in derived.traces:
        index = joined.index(trace.label[:-4].upper())
        assert trace.noise == pytest.approx(np.linalg.norm(least[index]))


def test_a_mean_is_worked_out_once_for_all_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes a fifth of a second for 512 electrodes, and a montage may have 256 lines."""
    solved, solve = [], np.linalg.solve

    def counted(matrix: NDArray[np.float64], right: NDArray[np.float64]) -> NDArray[np.float64]:
        solved.append(len(matrix))
        return solve(matrix, right)

    monkeypatch.setattr(np.linalg, "solve", counted)
    named = [f"EEG {name}-Ref" for name in (*TEN_TWENTY, "A1", "A2")]
    texts = [*(f"{name}-Avg" for name in TEN_TWENTY), "C3-LE", "C4-LE"]
    derived = derive(channels(named), [Line(text) for text in texts])
    assert (labels_of(derived), derived.unavailable) == (texts, ())
    assert len(solved) == 1


def test_rows_are_keys_not_labels() -> None:
    assert one(CHBMIT, "T8-P8").rows == (14,)
    assert one(CHBMIT, "T8-P8-0").rows == (14,)
    assert one(CHBMIT, "T8-P8-1").rows == (22,)
    assert one(CHBMIT, "T8-P8", bad=[14]).rows == (22,)
    assert one(["EKG", "T8-P8-1"], "T8-P8-1").rows == (1,)


def test_custom_lines_keep_order_name_and_color() -> None:
    lines = [Line("Cz-Pz", color="#123456"), Line("EKG", name="heart"), Line("C3-A1+A2"),
             Line("F3"), Line("C4-Avg"), Line("Fp1 - Fp2")]  # fmt: skip
    recorded = channels([*TEN_TWENTY, "A1", "A2", "EKG"])
    derived = derive(recorded, lines)
    assert labels_of(derived) == ["Cz-Pz", "heart", "C3-LE", "F3", "C4-Avg", "Fp1-Fp2"]
    assert [trace.color for trace in derived.traces] == ["#123456", *[None] * 5]
    ears = weights(derived.traces[2])
    assert ears == pytest.approx({8: 1.0, 19: -0.5, 20: -0.5})
    assert derived.traces[1].kind is Kind.EKG
    assert derived.traces[3].rows == (3,)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("bla bla", "'bla bla' is neither a channel nor a derivation such as Fp1-F7"),
        ("", "'' is neither a channel"),
        ("Cz-Cz", "'Cz-Cz' is neither"),
        ("Fp1-F7-T7", "'Fp1-F7-T7' is neither"),
        ("F7", "F7 has no channel of its own"),
        ("Oz", "no channel has Oz"),
        ("Oz-Avg", "no channel has Oz"),
        ("F7-A1+A2", "no channel has A1, A2"),
    ],
)
def test_a_line_that_cannot_be_says_why(text: str, reason: str) -> None:
    assert reason in why_not(CHBMIT, text)


def test_channels_of_different_rates_are_not_subtracted() -> None:
    recorded = [*channels(["C3", "Cz"]), *channels(["C4", "Pz"], rate=128)]
    refused = derive(recorded, [Line("C3-C4")]).unavailable[0]
    assert refused.reason == "C3 is sampled at 256 Hz, C4 is sampled at 128 Hz"
    both = derive(recorded, [Line("C3-Cz"), Line("C4-Pz")]).traces
    assert [trace.sfreq for trace in both] == [256, 128]


def test_units_are_microvolts() -> None:
    recorded = [*channels(["C3"], "mV"), *channels(["Cz"], "V"), *channels(["SpO2"], "%")]
    difference = derive(recorded, [Line("C3-Cz")]).traces[0]
    assert weights(difference) == {0: 1e3, 1: -1e6}
    assert difference.unit == "uV"
    assert difference.noise == pytest.approx(2**0.5)
    shown = derive(recorded, "recorded").traces
    assert [(trace.weights, trace.unit) for trace in shown] == [
        ((1e3,), "uV"), ((1e6,), "uV"), ((1.0,), "%"),
    ]  # fmt: skip


def test_two_electrodes_for_ekg_are_one_trace_below_the_others() -> None:
    recorded = channels([*TEN_TWENTY, "SaO2 X9", "ECG ECG2", "ECG ECG1", "Status", "EOG LOC"])
    below = derive(recorded, "longitudinal").traces[18:]
    assert [trace.label for trace in below] == ["EOG LOC", "ECG1-ECG2", "SaO2 X9"]
    assert weights(below[1]) == {21: 1.0, 20: -1.0}
    assert below[1].kind is Kind.EKG
    single = derive(recorded, "longitudinal", bad=[20]).traces[18:]
    assert [trace.label for trace in single] == ["EOG LOC", "ECG ECG1", "SaO2 X9"]


def test_electrodes_numbered_by_letters_have_no_standard_montage() -> None:
    cap = channels([f"{letter}{n}" for letter in "ABC" for n in range(1, 17)])
    derived = derive(cap, "longitudinal")
    assert derived.traces == ()
    assert "by letters" in derived.unavailable[0].reason
    average = derive(cap, "average")
    assert len(average.traces) == 48
    assert {trace.side for trace in average.traces} == {Side.NONE}
    assert one([channel.label for channel in cap], "C3-C4").rows == (34, 35)


def test_as_recorded_is_every_row_in_order() -> None:
    labels = [*CHBMIT, "-", "Status", ""]
    derived = derive(channels(labels), "recorded")
    assert labels_of(derived) == [*CHBMIT, "-", "Status", "channel 26"]
    assert [trace.rows for trace in derived.traces] == [(row,) for row in range(26)]
    assert derived.unavailable == ()


def test_a_montage_that_is_not_offered_is_named() -> None:
    with pytest.raises(InvalidDataError, match="montage 'banana' is not one of recorded, "):
        derive(channels(CHBMIT), "banana")
    assert STANDARD == ("recorded", "longitudinal", "transverse", "average")


@given(st.lists(st.text(max_size=8), max_size=12), st.sampled_from(STANDARD), st.data())
def test_any_labels_make_some_montage(labels: list[str], montage: str, data: st.DataObject) -> None:
    bad = data.draw(st.sets(st.integers(0, 12)))
    derived = derive(channels(labels), montage, bad)
    for trace in derived.traces:
        assert set(trace.rows) <= set(range(len(labels)))
        assert trace.rows == tuple(sorted(set(trace.rows)))
        assert montage == "recorded" or not set(trace.rows) & bad
    text = data.draw(st.text(max_size=12))
    derived = derive(channels(labels), [Line(text)], bad)
    assert len(derived.traces) + len(derived.unavailable) == 1
