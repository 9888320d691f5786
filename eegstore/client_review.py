"""What a review station asks of the API beside samples: studies, people, what was said.

The methods are `eegstore.client.Client`'s.
"""

from collections.abc import Sequence
from dataclasses import asdict
from fractions import Fraction
from typing import Literal
from urllib.parse import quote

from eegstore import wire
from eegstore.connection import Connection
from eegstore.model import Annotation, Identity
from eegstore.review import Coverage, Entry, Review, undoing
from eegstore.signal.own import OwnMontage
from eegstore.study import StudyInfo
from eegstore.tally import Tally
from eegstore.wire.montage import montage_from_json
from eegstore.wire.review import coverage_from_json, entries_from_json, review_from_json
from eegstore.wire.study import study_from_json, tally_from_json


class ReviewClient:
    """The part of a client that reads and writes what is known about signals."""

    _api: Connection

    def studies(self, patient_id: str | None = None) -> list[StudyInfo]:
        """The studies of one patient, or of all, by start, and what is stored of each now."""
        params = {} if patient_id is None else {"patient_id": patient_id}
        with self._api.answer("GET", "/studies", params=params) as said:
            return [study_from_json(item) for item in said["studies"]]

    def study(self, patient_id: str, study_id: str) -> StudyInfo:
        """One study and what is stored of it now.

        Raises
        ------
        NotFoundError
            When the patient has no such study.
        """
        with self._api.answer("GET", _path("studies", patient_id, study_id)) as said:
            return study_from_json(said)

    def seizures(self, patient_id: str, study_id: str) -> Tally:
        """How many seizures a study has, by day and by hour, and in how much stored time.

        Raises
        ------
        NotFoundError
            When the patient has no such study.
        """
        with self._api.answer("GET", _path("studies", patient_id, study_id)) as said:
            return tally_from_json(said)

    def identity(self, patient_id: str) -> Identity | None:
        """Who a patient is, None where nobody has said it.

        Raises
        ------
        NotFoundError
            When there is no such patient.
        """
        with self._api.answer("GET", _path("patients", patient_id)) as said:
            found = said["identity"]
            return None if found is None else wire.identity_from_json(found)

    def identify(self, patient_id: str, identity: Identity) -> None:
        """Say who a patient is, whatever was said before."""
        body = wire.dump(asdict(identity))
        self._api.ask("PUT", _path("patients", patient_id), body=body)

    def annotations(
        self,
        patient_id: str,
        recording_id: str,
        start: float | Fraction | None = None,
        stop: float | Fraction | None = None,
    ) -> list[Annotation]:
        """The annotations that touch the span from `start` to `stop` [s], or all of them."""
        params = _params(patient_id, start, stop, recording_id=recording_id)
        with self._api.answer("GET", "/annotations", params=params) as said:
            return wire.annotations_from_json(wire.array(said["annotations"], "annotations"))

    def annotate(self, patient_id: str, recording_id: str, annotation: Annotation) -> Annotation:
        """Store an annotation; the answer carries the annotation_id that it has now.

        Raises
        ------
        ConflictError
            When its annotation_id is taken by other content, or what it supersedes is
            superseded already; says what it has become.
        """
        ids = {"patient_id": patient_id, "recording_id": recording_id}
        body = wire.dump({**ids, **asdict(annotation)})
        with self._api.answer("POST", "/annotations", body=body) as said:
            return wire.annotation_from_json(said)

    def study_annotations(
        self,
        patient_id: str,
        study_id: str,
        start: float | Fraction | None = None,
        stop: float | Fraction | None = None,
        status: Sequence[str] | None = None,
    ) -> list[Entry]:
        """What holds now of a study, by onset, the rejected too.

        Parameters
        ----------
        start, stop : float or Fraction, optional
            Only what touches that span [s of study time].
        status : sequence of str, optional
            Only what is proposed, confirmed or rejected.
        """
        params = _params(patient_id, start, stop, study_id=study_id)
        if status is not None:
            params["status"] = list(status)
        with self._api.answer("GET", "/annotations", params=params) as said:
            return entries_from_json(said)

    def annotation_history(self, patient_id: str, annotation_id: str) -> list[Entry]:
        """All versions of an annotation, each after the one that it supersedes.

        Raises
        ------
        NotFoundError
            When the patient has no such annotation.
        """
        path = _path("annotations", annotation_id, "history")
        with self._api.answer("GET", path, params={"patient_id": patient_id}) as said:
            return entries_from_json(said)

    def undo(self, patient_id: str, annotation_id: str, author: str | None = None) -> Annotation:
        """Undo the last change of an annotation, by a version that supersedes it.

        Undoing again goes further back; see `eegstore.review.undoing`.

        Parameters
        ----------
        annotation_id : str
            Of any version.

        Raises
        ------
        ConflictError
            When somebody else has changed it in the meantime.
        """
        history = self.annotation_history(patient_id, annotation_id)
        return self.annotate(patient_id, history[-1].recording_id, undoing(history, author))

    def export_annotations(
        self,
        patient_id: str,
        kind: Literal["edf", "csv", "bids"],
        *,
        study_id: str | None = None,
        recording_id: str | None = None,
    ) -> bytes:
        """What holds now of a study or of a recording as a file.

        Raises
        ------
        NotFoundError, InvalidDataError
            No such study or recording; both are named, or neither.
        """
        given = {"study_id": study_id, "recording_id": recording_id}
        params = {"patient_id": patient_id, "format": kind}
        params |= {name: value for name, value in given.items() if value is not None}
        return b"".join(self._api.parts("/annotations/export", params=params))

    def review(self, patient_id: str, review: Review) -> Review | None:
        """Say that somebody has looked at some seconds; what is stored of it.

        Seconds that are not stored are left out; None says that none was left.

        Raises
        ------
        NotFoundError
            When the patient has no such recording.
        """
        said = {name: getattr(review, name) for name in Review.__slots__ if name != "at"}
        body = {"patient_id": patient_id, "seconds": said.pop("spans"), **said}
        with self._api.answer("POST", "/reviews", body=wire.dump(body)) as found:
            return review_from_json(found) if found["spans"] else None

    def coverage(
        self, patient_id: str, study_id: str, author: Sequence[str] | None = None
    ) -> Coverage:
        """What was looked at of a study, and what is stored and nobody has seen.

        Parameters
        ----------
        author : sequence of str, optional
            Only what these have seen.
        """
        params: dict[str, str | list[str]] = {"patient_id": patient_id, "study_id": study_id}
        if author is not None:
            params["author"] = list(author)
        with self._api.answer("GET", "/reviews", params=params) as said:
            return coverage_from_json(said)

    def montages(self) -> list[OwnMontage]:
        """The montages that people made, by name."""
        with self._api.answer("GET", "/montages") as said:
            return [montage_from_json(item) for item in said["montages"]]

    def put_montage(self, montage: OwnMontage) -> None:
        """Keep a montage, in place of the one of its name if there is one."""
        body = wire.dump({"lines": montage.lines})
        self._api.ask("PUT", _path("montages", montage.name), body=body)

    def remove_montage(self, name: str) -> None:
        """Remove a montage.

        Raises
        ------
        NotFoundError
            When there is none of that name.
        """
        self._api.ask("DELETE", _path("montages", name))


def _path(*parts: str) -> str:
    return "/" + "/".join(quote(part, safe="") for part in parts)


def _params(
    patient_id: str, start: float | Fraction | None, stop: float | Fraction | None, **ids: str
) -> dict[str, str | list[str]]:
    params: dict[str, str | list[str]] = {"patient_id": patient_id, **ids}
    limits = {"start": start, "end": stop}
    return params | {k: repr(float(v)) for k, v in limits.items() if v is not None}
