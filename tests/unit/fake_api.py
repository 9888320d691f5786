"""The contract of the API in memory, with faults on demand: for tests of what asks it."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from fractions import Fraction
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from typing import Any
from urllib.parse import unquote

import httpx
import numpy as np

from eegstore import wire
from eegstore.errors import ConflictError, EegStoreError, InvalidDataError, NotFoundError
from eegstore.integrity import channels_sha256, content_sha256
from eegstore.model import Annotation, Chunk, Recording, RecordingInfo, SampleType
from eegstore.timebase import full_runs
from eegstore.window import assemble

KEY = "a-key"
STATUS = {"ConflictError": 409, "NotFoundError": 404, "TooLargeError": 413}
Key = tuple[str, str]


def answer(status: int, body: object, headers: dict[str, str] | None = None) -> httpx.Response:
    return httpx.Response(status, headers=headers, content=wire.dump(body))


class FakeApi:
    """A callable for httpx.MockTransport. `before` and `after` see every request; what they
    return is the answer instead, what they raise breaks the connection."""

    def __init__(self) -> None:
        self.recordings: dict[Key, Recording] = {}
        self.seconds: dict[Key, dict[int, Chunk]] = {}
        self.stored = Counter[int]()  # how often each second was new
        self.annotations: dict[Key, dict[str, Annotation]] = {}
        self.closed: dict[Key, int] = {}
        self.requests: list[httpx.Request] = []
        self.batches: list[list[int]] = []
        self.rejected: set[int] = set()  # seconds answered with 422
        self.most, self.n_too_large = 3600, 0  # chunks in a request, else 413
        self.before: Callable[[httpx.Request], httpx.Response | None] = lambda request: None
        self.after: Callable[[httpx.Request], httpx.Response | None] = lambda request: None

    def __call__(self, request: httpx.Request) -> httpx.Response:
        request.read()
        self.requests.append(request)
        if (instead := self.before(request)) is not None:
            return instead
        try:
            said = self._route(request)
        except EegStoreError as error:
            name = type(error).__name__
            said = answer(STATUS.get(name, 422), {"error": name, "detail": str(error)})
        instead = self.after(request)
        return said if instead is None else instead

    def _route(self, request: httpx.Request) -> httpx.Response:
        if request.headers.get("Authorization") != f"Bearer {KEY}":
            return answer(401, {"error": "AccessError", "detail": "no valid key"})
        raw = request.url.raw_path.decode().partition("?")[0]
        parts = [unquote(part) for part in raw.strip("/").split("/")]
        query = request.url.params
        if parts == ["patients"]:
            return answer(200, {"patients": sorted({p for p, _ in self.recordings})})
        if parts == ["recordings"]:
            wanted = [k for k in self.recordings if query.get("patient_id", k[0]) == k[0]]
            return answer(200, {"recordings": [self._info(key) for key in wanted]})
        if parts == ["ingest"]:
            return self._ingest(request)
        if parts == ["eeg"]:
            return self._eeg(query)
        if parts == ["annotations"]:
            return self._annotations(request)
        if parts[0] == "recordings":
            return self._recording(request, (parts[1], parts[2]), parts[3:])
        raise NotFoundError(f"no such route: {raw}")

    def _recording(self, request: httpx.Request, key: Key, verb: list[str]) -> httpx.Response:
        if request.method == "PUT":
            body = {**wire.load(request.content), "patient_id": key[0], "recording_id": key[1]}
            recording = wire.recording_from_json(body)
            if key not in self.recordings:
                self.recordings[key], self.seconds[key] = recording, {}
                self.annotations[key] = {}
                return answer(201, {"recording": recording, "new": True})
            if self.recordings[key] != recording:
                raise ConflictError(f"recording {key[1]!r} is declared otherwise")
            return answer(200, {"recording": recording, "new": False})
        if key not in self.recordings:
            raise NotFoundError(f"no recording {key[1]!r} of patient {key[0]!r}")
        seconds = sorted(self.seconds[key])
        if not verb:
            return answer(200, self._info(key))
        if verb == ["have"]:
            breaks = [0] + [i for i, (a, b) in enumerate(pairwise(seconds), 1) if b != a + 1]
            parts = [seconds[i:j] for i, j in pairwise([*breaks, len(seconds)])]
            spans = [[part[0], part[-1] + 1] for part in parts if part]
            closed = key in self.closed
            return answer(200, {"spans": spans, "n_seconds": len(seconds), "closed": closed})
        stated = wire.load(request.content).get("n_seconds", len(seconds))
        if stated != len(seconds):
            raise ConflictError(f"{len(seconds)} seconds are stored, the device has {stated}")
        self.closed[key] = len(seconds)
        return answer(200, {"closed": True, "n_seconds": len(seconds)})

    def _info(self, key: Key) -> RecordingInfo:
        chunks = self.seconds[key]
        n_samples = sum(chunk.samples.size for chunk in chunks.values())
        stop = max(chunks, default=-1) + 1
        return RecordingInfo(
            self.recordings[key], len(chunks), stop, n_samples, 2 * n_samples, key in self.closed
        )

    def _ingest(self, request: httpx.Request) -> httpx.Response:
        if request.headers["Content-Type"] == wire.MEDIA_TYPE:
            frame = wire.unpack_chunks(request.content)
            key = (frame.patient_id, frame.recording_id)
            if len(frame.chunks) > self.most:
                self.n_too_large += 1
                return answer(413, {"error": "TooLargeError", "detail": "too many chunks"})
            chunks = wire.cut_chunks(frame, self.recordings[key])
        else:
            body = wire.load(request.content)
            key = (body["patient_id"], body["recording_id"])
            chunks = [_chunk_of_json(body, self.recordings[key])]
        self.batches.append([chunk.second for chunk in chunks])
        if refused := self.rejected & set(self.batches[-1]):
            raise InvalidDataError(f"second {min(refused)} does not fit")
        recording, there = self.recordings[key], self.seconds[key]
        if key in self.closed and not set(self.batches[-1]) <= set(there):
            raise ConflictError("the recording is closed")
        table = channels_sha256(recording.channels, recording.sample_type)
        listed = []
        for chunk in chunks:
            digest = content_sha256(table, chunk)
            if chunk.second not in there:
                outcome, there[chunk.second] = "stored", _copy(chunk)
                self.stored[chunk.second] += 1
            else:
                same = content_sha256(table, there[chunk.second]) == digest
                outcome = "duplicate" if same else "conflict"
            listed.append((chunk.second, outcome, digest.hex()))
        names = ("second", "outcome", "content_sha256")
        said: dict[str, Any] = {"chunks": [dict(zip(names, x, strict=True)) for x in listed]}
        outcomes = {outcome for _, outcome, _ in listed}
        if "conflict" in outcomes:
            return answer(409, said | {"error": "ConflictError", "detail": "other samples"})
        return answer(201 if "stored" in outcomes else 200, said)

    def _eeg(self, query: httpx.QueryParams) -> httpx.Response:
        key = (query["patient_id"], query["recording_id"])
        recording = self.recordings[key]
        labels = [channel.label for channel in recording.channels]
        rows = [labels.index(name) for name in query.get_list("channels") or labels]
        start, stop = Fraction(query["start"]), Fraction(query["end"])
        window = assemble(recording, rows, start, stop, self.seconds[key].values())
        return httpx.Response(200, content=wire.pack_window(window))

    def _annotations(self, request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            query = request.url.params
            there = self.annotations[query["patient_id"], query["recording_id"]].values()
            start, stop = float(query.get("start", "-inf")), float(query.get("end", "inf"))
            return answer(
                200, {"annotations": [a for a in there if a.onset < stop and a.onset >= start]}
            )
        body = wire.load(request.content)
        annotation = wire.annotation_from_json(body)
        there_now = self.annotations[body["patient_id"], body["recording_id"]]
        name = annotation.annotation_id or f"made-{len(there_now)}"
        annotation = replace(annotation, annotation_id=name)
        if there_now.setdefault(name, annotation) != annotation:
            raise ConflictError(f"annotation {name} exists with other content")
        return answer(201, annotation)


def _copy(chunk: Chunk) -> Chunk:
    return Chunk(chunk.second, chunk.runs, chunk.samples.copy())


def _chunk_of_json(body: dict[str, Any], recording: Recording) -> Chunk:
    assert body["end"] == body["start"] + 1
    assert body["channels"] == [c.label for c in recording.channels]
    assert body["sfreq"] == [str(c.sfreq) for c in recording.channels]
    rows = [np.array(row, np.float64) for row in body["samples"]]
    if recording.sample_type is not SampleType.FLOAT32:
        for at, c in enumerate(body["calibration"]):
            span = c["physical_max"] - c["physical_min"]
            gain = span / (c["digital_max"] - c["digital_min"])
            exact = (rows[at] - c["physical_min"]) / gain + c["digital_min"]
            rows[at] = np.rint(exact)
            assert np.abs(exact - rows[at]).max(initial=0) < 0.02
    samples = np.concatenate(rows).astype(recording.sample_type.dtype)
    return Chunk(body["start"], full_runs(recording.channels, body["start"]), samples)


@contextmanager
def serving(api: Callable[[httpx.Request], httpx.Response]) -> Iterator[str]:
    """The URL at which `api` is served over real sockets; what it raises ends a connection."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 60

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            url, headers = f"http://{self.headers['Host']}{self.path}", dict(self.headers)
            try:
                said = api(httpx.Request(self.command, url, headers=headers, content=body))
            except httpx.HTTPError:
                self.close_connection = True
                return
            self.send_response(said.status_code)
            for name, value in said.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(said.content)

        do_GET = do_PUT = do_POST = _serve

        def log_message(self, *_: object) -> None: ...

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None: ...  # a killed client breaks off

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
