"""A store on the other side of HTTP: ask for windows, send seconds.

Whatever the service refuses arrives here as the class of ``eegstore.errors`` that the
service raised. Every request may be repeated: what is stored already is not stored twice.
"""

import secrets
from collections.abc import Sequence
from datetime import datetime
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Literal, NamedTuple, Self
from urllib.parse import quote

import httpx

from eegstore import config, wire
from eegstore.client_review import ReviewClient
from eegstore.client_stream import StreamClient
from eegstore.client_view import ViewClient
from eegstore.connection import JSON, Connection, Time, problem, query, time_text, understood
from eegstore.errors import ConflictError, InvalidDataError
from eegstore.integrity import channels_sha256, content_sha256
from eegstore.model import (
    Channel,
    Chunk,
    Recording,
    RecordingInfo,
    SampleType,
    Span,
)
from eegstore.window import Window
from eegstore.wire.second import json_second
from eegstore.wire.study import info_from_json


class Outcome(NamedTuple):
    """What became of a second that was sent."""

    second: int
    outcome: Literal["stored", "duplicate", "conflict"]
    content_sha256: str  # hex, of what is stored


class Client(ReviewClient, StreamClient, ViewClient):
    """A blocking client of the eegstore API. Use it as a context manager, or `close` it.

    One client may serve several threads; its connections are reused.

    Parameters
    ----------
    url : str
        Where the API is; a path in it stays in front of every request.
    api_key : str, optional
        Without it the key of ``EEGSTORE_API_KEY`` or of the data directory is used.
    timeout : float, optional
        How long to wait for a connection and for each part of an answer [s]; None waits on.
    transport : httpx.BaseTransport, optional
        Something else than the network, for tests.

    Raises
    ------
    InvalidDataError
        When `url` is no http or https URL.
    AccessError
        When the key cannot be read, or cannot stand in a header.

    Notes
    -----
    All methods raise AccessError without a valid key, and StoreUnavailableError when the
    API cannot be reached, breaks off, or asks to come back later; its `retry_after` [s] is
    what the service asked for, 0 when it did not say.

    Examples
    --------
    ::

        from eegstore import Client

        with Client("http://127.0.0.1:8765") as eeg:
            print(eeg.recordings("chb01")[0].duration, "s")
            window = eeg.window("chb01", "chb01_03.edf", 2996, 3036)
            print(window.data.shape, window.channels[0].unit)
    """

    def __init__(
        self,
        url: str = "http://127.0.0.1:8765",
        api_key: str | None = None,
        *,
        timeout: float | None = 30.0,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        key = config.api_key(config.Settings()) if api_key is None else api_key
        self._api = Connection(url, key, timeout, transport)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._api.close()

    def grant(self) -> str:
        """What a browser opens a session with, within a minute: see `eegstore.api.session`."""
        with self._api.answer("POST", "/session/grant") as said:
            return str(said["grant"])

    def patients(self) -> list[str]:
        """All patient_ids that the key may see."""
        with self._api.answer("GET", "/patients") as said:
            return [str(patient) for patient in said["patients"]]

    def recordings(self, patient_id: str | None = None) -> list[RecordingInfo]:
        """The recordings of one patient, or of all, and what is stored of each now."""
        params = {} if patient_id is None else {"patient_id": patient_id}
        with self._api.answer("GET", "/recordings", params=params) as said:
            return [info_from_json(item) for item in said["recordings"]]

    def recording(self, patient_id: str, recording_id: str) -> RecordingInfo:
        """One recording and what is stored of it now.

        Raises
        ------
        NotFoundError
            When the patient has no such recording.
        """
        with self._api.answer("GET", _path(patient_id, recording_id)) as said:
            return info_from_json(said)

    def window(
        self,
        patient_id: str,
        recording_id: str,
        start: Time,
        stop: Time,
        channels: str | Sequence[str] | None = None,
    ) -> Window:
        """The samples from `start` to `stop` (half-open), as stored; gaps stay gaps.

        Parameters
        ----------
        start, stop : int, float, str, Fraction or datetime
            Seconds from recording start [s], or clock time.
        channels : str or sequence of str, optional
            Labels of the channels wanted, in this order; None is all of them.

        Raises
        ------
        NotFoundError, SpanError
            Unknown recording or channel; a span that makes no sense.
        TooLargeError
            More than one answer may carry.
        """
        labels = [channels] if isinstance(channels, str) else channels
        if labels is not None and not labels:
            raise InvalidDataError("channels is empty; name at least one, or None for all")
        params = query(patient_id, recording_id, start, stop)
        if labels is not None:
            params["channels"] = list(labels)
        return self._api.frame("/eeg", params, wire.unpack_window)

    def download_edf(
        self,
        patient_id: str,
        recording_id: str,
        path: str | Path,
        start: Time | None = None,
        stop: Time | None = None,
        *,
        lossy: bool = False,
    ) -> int:
        """Write a recording, or a crop of it, as EDF+ (BDF+ of 24 bits); its size [byte].

        The file appears whole or not at all; one of that name is replaced.

        Parameters
        ----------
        start, stop : int, float, str, Fraction or datetime, optional
            Seconds from recording start [s], or clock time; default all of it.
        lossy : bool
            Allow what changes values: float32 made counts, 24 bits made 16.

        Raises
        ------
        NotFoundError, EdfError, SpanError
            Unknown recording; EDF cannot hold this; a span that makes no sense.
        """
        limits = {"start": start, "end": stop}
        params = {name: time_text(at) for name, at in limits.items() if at is not None}
        params |= {"lossy": "true"} if lossy else {}
        place, size = _path(patient_id, recording_id, "edf"), 0
        path = Path(path)
        fresh = path.with_name(f".{secrets.token_hex(8)}")
        try:
            with open(fresh, "xb") as file:
                for part in self._api.parts(place, params=params):
                    size += file.write(part)
            fresh.replace(path)
        finally:
            fresh.unlink(missing_ok=True)
        return size

    def declare(self, recording: Recording) -> bool:
        """Tell the store about a recording before its first second; True when it is new.

        Raises
        ------
        ConflictError
            When it is declared already with other channels, start or device.
        """
        path = _path(recording.patient_id, recording.recording_id)
        response = self._api.ask("PUT", path, body=wire.dump(recording))
        with understood(response):
            wire.recording_from_json(wire.load(response.content)["recording"])
        return response.status_code == 201

    def have(self, patient_id: str, recording_id: str) -> list[Span]:
        """The spans of whole seconds that are stored, ascending."""
        with self._api.answer("GET", _path(patient_id, recording_id, "have")) as said:
            return [Span(Fraction(start), Fraction(stop)) for start, stop in said["spans"]]

    def send(
        self,
        recording: Recording,
        chunks: Sequence[Chunk],
        device_time: datetime | None = None,
        *,
        on_conflict: Literal["raise", "return"] = "raise",
    ) -> list[Outcome]:
        """Store seconds of a declared recording; an answer means that they are on disk.

        Parameters
        ----------
        device_time : datetime, optional
            What the device's clock shows now.
        on_conflict : "raise" or "return"
            What to do with seconds that are stored already with other samples: raise
            ConflictError, or return them among the outcomes.

        Raises
        ------
        ConflictError
            Names those seconds; nothing of them was changed, the others are stored. Also
            when the digest in the answer is not that of the samples that were sent.
        InvalidDataError
            The chunks do not fit the declaration; nothing of this request is stored.
        """
        if not chunks:
            return []
        body = wire.pack_chunks(recording, chunks, device_time)
        return self._ingest(body, wire.MEDIA_TYPE, recording, chunks, on_conflict)

    def send_json(
        self,
        recording: Recording,
        chunk: Chunk,
        *,
        on_conflict: Literal["raise", "return"] = "raise",
    ) -> Outcome:
        """Store one second as JSON in each channel's unit, with the calibration beside it.

        The service finds the counts again exactly, so the second is the same as if `send`
        had carried it.

        Raises
        ------
        ConflictError
            The second is stored already with other samples; nothing was changed.
        InvalidDataError
            JSON has no words for this second (see `wire.second.fits_json`): use `send`.
        """
        body = wire.dump(json_second(recording, chunk))
        return self._ingest(body, JSON, recording, [chunk], on_conflict)[0]

    def close_recording(
        self, patient_id: str, recording_id: str, n_seconds: int | None = None
    ) -> int:
        """Say that no more seconds will come; the number of seconds stored.

        Parameters
        ----------
        n_seconds : int, optional
            How many seconds were sent.

        Raises
        ------
        ConflictError
            When another number is stored; the recording stays open.
        """
        body = wire.dump({} if n_seconds is None else {"n_seconds": n_seconds})
        path = _path(patient_id, recording_id, "close")
        with self._api.answer("POST", path, body=body) as said:
            return int(said["n_seconds"])

    def _ingest(
        self,
        body: bytes,
        media_type: str,
        recording: Recording,
        chunks: Sequence[Chunk],
        on_conflict: str,
    ) -> list[Outcome]:
        response = self._api.ask("POST", "/ingest", body=body, media_type=media_type, passing=409)
        with understood(response):
            said = dict(wire.load(response.content))
        if response.status_code == 409 and "chunks" not in said:
            raise problem(response)
        with understood(response):
            outcomes = [
                Outcome(int(item["second"]), item["outcome"], str(item["content_sha256"]))
                for item in said["chunks"]
            ]
            if sorted(o.second for o in outcomes) != sorted(c.second for c in chunks):
                raise ValueError("it does not speak of the seconds that were sent")
            if odd := {o.outcome for o in outcomes} - {"stored", "duplicate", "conflict"}:
                raise ValueError(f"unknown outcome {odd}")
        table = _table_digest(recording.channels, recording.sample_type)
        sent = {chunk.second: content_sha256(table, chunk).hex() for chunk in chunks}
        for o in outcomes:
            if o.outcome != "conflict" and o.content_sha256 != sent[o.second]:
                raise ConflictError(
                    f"second {o.second} was sent with digest {sent[o.second]}, and acknowledged "
                    f"with {o.content_sha256}: other samples have arrived"
                )
        conflicts = [str(o.second) for o in outcomes if o.outcome == "conflict"]
        if conflicts and on_conflict == "raise":
            raise ConflictError(
                f"stored already with other samples, and left as they are: second "
                f"{', '.join(conflicts)}"
            )
        return outcomes


@lru_cache(maxsize=64)
def _table_digest(channels: tuple[Channel, ...], sample_type: SampleType) -> bytes:
    """The digest of a channel table as it arrives: there a range of -800 is -800.0."""
    arrived = wire.channels_from_json(wire.load(wire.dump(channels)))
    return channels_sha256(arrived, sample_type)


def _path(patient_id: str, recording_id: str, *more: str) -> str:
    parts = ("recordings", patient_id, recording_id, *more)
    return "/" + "/".join(quote(part, safe="") for part in parts)
