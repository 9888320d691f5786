"""What somebody who looks at EEG asks of the API: pages, overviews, spectra.

The methods are `eegstore.client.Client`'s.
"""

from collections.abc import Collection, Sequence

from eegstore.connection import Connection, Time, query
from eegstore.errors import InvalidDataError
from eegstore.overview import Overview
from eegstore.page import Page
from eegstore.signal.montage import Line
from eegstore.signal.spectrum import Spectrogram
from eegstore.trends import Trends
from eegstore.wire.overview import unpack_overview
from eegstore.wire.page import unpack_page
from eegstore.wire.spectrum import unpack_spectrogram
from eegstore.wire.trends import unpack_trends


class ViewClient:
    """The part of a client that asks for what is drawn."""

    _api: Connection

    def page(
        self,
        patient_id: str,
        recording_id: str | None,
        start: Time,
        stop: Time,
        montage: str | Sequence[Line] = "recorded",
        *,
        study_id: str | None = None,
        lff: float | None = None,
        hff: float | None = None,
        notch: float | None = None,
        zero_phase: bool = True,
        bad: Collection[int] = (),
        px: int | None = None,
    ) -> Page:
        """The traces of a montage from `start` to `stop` (half-open), filtered.

        Values are rounded to 1/32,767 of the largest of their trace on the page.

        Parameters
        ----------
        recording_id : str or None
            None for a page of a whole study, `study_id`, on whose clock all times are then.
        start, stop : int, float, str, Fraction or datetime
            Seconds from recording start [s], or clock time; at most 3600 s apart.
        montage : str or sequence of Line
            "recorded", "longitudinal", "transverse", "average", or lines of one's own.
        lff, hff, notch : float, optional
            Low filter, high filter and notch [Hz], those of `signal.filter_setting`; None is off.
        zero_phase : bool
            Forwards and backwards; else forwards only.
        bad : collection of int
            Rows of the channel table (see `PageTrace.rows`) that no derivation may use.
        px : int, optional
            Where samples are many more than so many columns, min and max of each column.

        Raises
        ------
        NotFoundError, SpanError, InvalidDataError
            Unknown recording, montage, filter or row; a span that makes no sense.
        TooLargeError
            More than one answer may carry.
        """
        params = query(patient_id, recording_id, start, stop, study_id=study_id)
        params |= _look(montage, lff, hff, notch, bad, zero_phase=zero_phase)
        return self._api.frame("/eeg", params, unpack_page, px)

    def spectrogram(
        self,
        patient_id: str,
        recording_id: str | None,
        start: Time,
        stop: Time,
        trace: str,
        montage: str | Sequence[Line] = "recorded",
        *,
        study_id: str | None = None,
        lff: float | None = None,
        hff: float | None = None,
        notch: float | None = None,
        zero_phase: bool = True,
        bad: Collection[int] = (),
        px: int | None = None,
    ) -> Spectrogram:
        """Power density of one trace of a page over time, 0 to 70 Hz, in steps of 0.5 dB.

        Parameters
        ----------
        trace : str
            Label of a trace of the montage.
        px : int, optional
            Columns at most.

        The others are those of `page`.

        Raises
        ------
        NotFoundError, SpanError, InvalidDataError
            Unknown recording, montage, filter, row or trace; a span that makes no sense.
        TooLargeError
            More than one answer may carry.
        """
        params = query(patient_id, recording_id, start, stop, study_id=study_id)
        params |= _look(montage, lff, hff, notch, bad, zero_phase=zero_phase) | {"trace": trace}
        return self._api.frame("/spectrogram", params, unpack_spectrogram, px)

    def trends(
        self,
        patient_id: str,
        recording_id: str | None,
        start: Time | None = None,
        stop: Time | None = None,
        *,
        study_id: str | None = None,
        px: int | None = None,
        group: str = "all",
    ) -> Trends:
        """Power by frequency, and amplitude, over all of a recording or of a study.

        Parameters
        ----------
        recording_id : str or None
            None for all recordings of a study, `study_id`, on whose clock all times are then.
        start, stop : int, float, str, Fraction or datetime, optional
            Seconds from recording start [s], or clock time; default all of it.
        px : int, optional
            Columns at most.
        group : str
            "all", "left" or "right" channels of EEG, or the label of one.

        Raises
        ------
        NotFoundError, SpanError, InvalidDataError
            Unknown recording, study or group; a span that makes no sense.
        """
        params = query(patient_id, recording_id, start, stop, study_id=study_id)
        params |= {"group": group}
        return self._api.frame("/trends", params, unpack_trends, px)

    def overview(
        self,
        patient_id: str,
        recording_id: str | None,
        start: Time,
        stop: Time,
        px: int,
        channels: str | Sequence[str] | None = None,
        *,
        study_id: str | None = None,
    ) -> Overview:
        """Min and max of every channel in at most `px` columns of time from `start` to `stop`.

        Parameters
        ----------
        recording_id : str or None
            None for all recordings of a study, `study_id`, on whose clock all times are then.
        start, stop : int, float, str, Fraction or datetime
            As of `window`; the span may have any length.
        px : int
            How many columns, 1 to 10,000; the answer says where they begin and end.
        channels : str or sequence of str, optional
            Labels of the channels wanted, in this order; None is all of them.

        Raises
        ------
        NotFoundError, SpanError, InvalidDataError
            Unknown recording or channel; a span or a `px` that makes no sense.
        TooLargeError
            More than one answer may carry.
        """
        labels = [channels] if isinstance(channels, str) else channels
        if labels is not None and not labels:
            raise InvalidDataError("channels is empty; name at least one, or None for all")
        params = query(patient_id, recording_id, start, stop, study_id=study_id)
        if labels is not None:
            params["channels"] = list(labels)
        return self._api.frame("/eeg", params, unpack_overview, px)


def _look(
    montage: str | Sequence[Line],
    lff: float | None,
    hff: float | None,
    notch: float | None,
    bad: Collection[int],
    *,
    zero_phase: bool,
) -> dict[str, str | list[str]]:
    params: dict[str, str | list[str]] = {"phase": "zero" if zero_phase else "single"}
    if isinstance(montage, str):
        params["montage"] = montage
    else:
        told = ["|".join([line.text, line.name or "", line.color or ""]) for line in montage]
        params |= {"montage": "custom", "line": told}
    filters = {"lff": lff, "hff": hff, "notch": notch}
    params |= {name: f"{label:g}" for name, label in filters.items() if label is not None}
    params["bad"] = [str(row) for row in sorted(bad)]
    return params
