"""What a review station asks of the API beside samples: studies.

The methods are `eegstore.client.Client`'s.
"""

from urllib.parse import quote

from eegstore.connection import Connection
from eegstore.study import StudyInfo
from eegstore.wire.study import study_from_json


class Review:
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


def _path(*parts: str) -> str:
    return "/" + "/".join(quote(part, safe="") for part in parts)
