from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from eegstore.device_buffer import DeviceBuffer
from eegstore.edf.read import EdfFile
from eegstore.model import Annotation
from eegstore.signal.synthetic import SyntheticEeg
from eegstore.simulator import EdfSource, Simulator, SyntheticSource
from tests.unit.fake_api import FakeApi
from tests.unit.simulator.made_source import client_of


def test_the_synthetic_signal_as_a_source(path: Path, api: FakeApi) -> None:
    eeg = SyntheticEeg(seed=3, seizure_every=100.0)
    source = SyntheticSource(eeg, "p1", "synthetic", n_seconds=50)
    with DeviceBuffer(path) as buffer, client_of(api) as client:
        report = Simulator(source, client, buffer=buffer, speed=None).run()
    assert report.acknowledged == 50
    there = api.seconds["p1", "synthetic"]
    assert np.array_equal(there[49].samples, eeg.chunk(49).samples)
    assert source.chunk(50) is None
    begun = [a for a in eeg.annotations(0, 50) if a.onset < 50]
    assert begun
    sent = api.annotations["p1", "synthetic"].values()
    assert [replace(a, annotation_id=None) for a in sent] == begun
    assert None not in {a.annotation_id for a in sent}


@pytest.mark.parametrize(
    "name",
    [
        "edf/discontinuous_edfplus_d.edf",
        "edf/annotations_utf8.edf",
        "edf/sleep_psg_24bit.bdf",
        "edf/hypnogram_annotations_only.edf",
        "edf/rate_12.8hz.edf",
    ],
)
def test_a_file_as_a_source(path: Path, api: FakeApi, shared_data: Path, name: str) -> None:
    file_path = shared_data / name
    with EdfSource(file_path, "p1") as source, DeviceBuffer(path) as buffer:
        report = Simulator(source, client_of(api), buffer=buffer, speed=None).run()
    with closing(EdfFile(file_path)) as file:
        recording = file.recording("p1", file_path.name)
        chunks = list(file.chunks(0, file.n_seconds))
        annotations = file.annotations
    ids = ("p1", file_path.name)
    assert api.recordings[ids] == recording
    assert report.acknowledged == len(chunks) == api.closed[ids]
    there = api.seconds[ids]
    assert [there[c.second].runs for c in chunks] == [c.runs for c in chunks]
    assert all(there[c.second].samples.tobytes() == c.samples.tobytes() for c in chunks)
    noted = api.annotations[ids].values()
    assert sorted((a.onset, a.description) for a in noted) == sorted(
        (a.onset, a.description) for a in annotations
    )


def test_events_before_the_first_sample_and_after_the_last_are_not_lost(
    path: Path, api: FakeApi, shared_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    onsets = [-2.5, 0.0, 9.5, 600.0]
    monkeypatch.setattr(EdfFile, "annotations", [Annotation(t, None, "event") for t in onsets])
    file_path = shared_data / "edf/annotations_utf8.edf"
    with EdfSource(file_path, "p1") as source, DeviceBuffer(path) as buffer:
        assert source.n_seconds == 10
        Simulator(source, client_of(api), buffer=buffer, speed=None).run()
    assert [a.onset for a in api.annotations["p1", file_path.name].values()] == onsets
