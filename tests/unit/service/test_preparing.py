"""Rows are the same whatever else is prepared together with them."""

import hashlib
from dataclasses import replace
from fractions import Fraction as F

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eegstore import codec, encoding
from eegstore.encoding.checks import MAX_SECOND, check, check_all
from eegstore.errors import InvalidDataError
from eegstore.integrity import channels_sha256, content_sha256
from eegstore.model import Chunk, SampleType
from eegstore.service.preparing import Work, prepare, rows
from eegstore.service.recordings import Declared
from eegstore.signal.envelope import envelope
from tests.unit.recordings import chunks_of, make_recording, make_signal

SETS = [
    ([F(256)] * 3, SampleType.INT16), ([F(256)] * 3, SampleType.FLOAT32),
    ([F(8)], SampleType.INT32), ([F(64, 5), F(1, 30)], SampleType.INT16),
    ([F(256), F(16), F(256)], SampleType.INT16),
]  # fmt: skip
SECONDS = 6


def made(index: int) -> tuple[Declared, list[Chunk]]:
    rates, sample_type = SETS[index]
    recording = make_recording(rates, sample_type, recording_id=f"r{index}")
    table = channels_sha256(recording.channels, recording.sample_type)
    chunks = chunks_of(recording, make_signal(recording, SECONDS, index), SECONDS)
    return Declared(recording, table), chunks


MADE = [made(index) for index in range(len(SETS))]


@given(st.lists(st.tuples(st.integers(0, len(SETS) - 1), st.integers(0, SECONDS - 1))))
def test_a_row_does_not_depend_on_its_company(picked: list[tuple[int, int]]) -> None:
    work = [Work(MADE[index][0], MADE[index][1][second], None) for index, second in picked]
    found = rows(work)
    assert found == [row for one in work for row in rows([one])]
    for (declared, chunk, *_), row in zip(work, found, strict=True):
        assert (row.second, row.n_samples) == (chunk.second, chunk.samples.size)
        assert row.content_sha256 == content_sha256(declared.channels_sha256, chunk)
        assert row.envelope == envelope(chunk)
        assert row.blob_sha256 == hashlib.sha256(row.blob).digest()
        (back,) = codec.decode([row.blob], [row.second])
        assert (back.runs, back.samples.tobytes()) == (chunk.runs, chunk.samples.tobytes())


def test_seconds_that_are_encoded_fast_do_not_make_others_larger() -> None:
    declared, chunks = MADE[0]
    work = [Work(declared, chunk, None, fast=bool(at % 2)) for at, chunk in enumerate(chunks)]
    thorough, fast = codec.encode_all(chunks), codec.encode_all(chunks, fast=True)
    assert thorough != fast
    wanted = [(fast if at % 2 else thorough)[at] for at in range(SECONDS)]
    assert [row.blob for row in rows(work)] == wanted


def test_more_than_fit_into_one_portion(monkeypatch: pytest.MonkeyPatch) -> None:
    declared, chunks = MADE[0]
    whole = prepare(declared, chunks)
    monkeypatch.setattr(encoding, "_AT_ONCE", 4)
    assert prepare(declared, chunks) == whole


def test_every_recording_is_encoded_with_its_own_parameters() -> None:
    rng, work, fitted = np.random.default_rng(3), [], []
    for name, signs in (("p1", [2, -1, 2, -1]), ("p2", [1, -1, 1, -1])):
        recording = make_recording([F(256)] * 4, patient_id=name)
        table = channels_sha256(recording.channels, recording.sample_type)
        common = np.convolve(rng.normal(0, 60, 40 * 256), np.hanning(16), "same")
        noise = rng.normal(0, 3, (4, common.size))  # beside it the channels tell each other
        signal = [np.rint(s * common + n).astype("<i2") for s, n in zip(signs, noise, strict=True)]
        chunks = chunks_of(recording, signal, 40)
        parameters = codec.fit(chunks, 3600)
        assert parameters is not None
        fitted.append(parameters)
        work += [Work(Declared(recording, table), chunk, parameters) for chunk in chunks[:5]]
    mixed = [work[at] for at in (0, 5, 1, 6, 2, 7, 8, 3, 9, 4)]
    found = rows(mixed)
    assert found == [row for one in mixed for row in rows([one])]
    shared = {parameters.sha256: parameters for parameters in fitted}
    for one, row in zip(mixed, found, strict=True):
        assert codec.parameters_named([row.blob]) <= {one.parameters.sha256}  # type: ignore[union-attr]
        (back,) = codec.decode([row.blob], [row.second], shared)
        assert back.samples.tobytes() == one.chunk.samples.tobytes()
    assert codec.parameters_named([row.blob for row in found]) == set(shared)


def test_the_last_of_many_is_checked_as_the_first() -> None:
    declared, chunks = MADE[3]
    for at in (0, 3, 5):
        cut = replace(chunks[at], samples=chunks[at].samples[:-1])
        with pytest.raises(InvalidDataError, match=f"second {at}: its runs hold"):
            check_all(declared.recording, [*chunks[:at], cut, *chunks[at + 1 :]])


def test_a_second_has_samples_as_its_own_number_says() -> None:
    """At 12.8 Hz seconds have 13 samples or 12: what fits one does not fit another."""
    declared, chunks = MADE[3]
    check(declared.recording, chunks[1])
    with pytest.raises(InvalidDataError, match="run of 13 samples from 0 does not lie in the 12"):
        check(declared.recording, replace(chunks[1], second=4))
    with pytest.raises(InvalidDataError, match=f"is not in 0 .. {MAX_SECOND}"):
        check(declared.recording, replace(chunks[1], second=MAX_SECOND + 1))
