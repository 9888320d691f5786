"""Where the electrodes of the synthetic EEG sit, and what its channels subtract.

The head is the unit sphere: x to the right ear, y to the nose, z to the vertex.
"""

import numpy as np
from numpy.typing import NDArray

# Inclination from the vertex and azimuth from the right ear [degree], 10-20 system.
_PLACES = {
    "FP1": (92, 108), "F7": (92, 144), "T7": (92, 180), "P7": (92, 216), "O1": (92, 252),
    "F3": (60, 129), "C3": (46, 180), "P3": (60, 231),
    "FP2": (92, 72), "F4": (60, 51), "C4": (46, 0), "P4": (60, 309), "O2": (92, 288),
    "F8": (92, 36), "T8": (92, 0), "P8": (92, 324),
    "FZ": (46, 90), "CZ": (0, 0), "PZ": (46, 270),
    "FT9": (113, 162), "FT10": (113, 18),
}  # fmt: skip

ELECTRODES = tuple(_PLACES)
"""Names of the 21 electrodes."""

LABELS = (
    "FP1-F7", "F7-T7", "T7-P7", "P7-O1", "FP1-F3", "F3-C3", "C3-P3", "P3-O1",
    "FP2-F4", "F4-C4", "C4-P4", "P4-O2", "FP2-F8", "F8-T8", "T8-P8", "P8-O2",
    "FZ-CZ", "CZ-PZ", "P7-T7", "T7-FT9", "FT9-FT10", "FT10-T8", "T8-P8",
)  # fmt: skip
"""The 23 channels of CHB-MIT, in its order: T8-P8 twice, P7-T7 the reverse of T7-P7."""


def position(inclination: float, azimuth: float) -> NDArray[np.float64]:
    """The point on the sphere, (3,), of two angles [degree]."""
    tilt, turn = np.radians([inclination, azimuth])
    return np.array([np.sin(tilt) * np.cos(turn), np.sin(tilt) * np.sin(turn), np.cos(tilt)])


POSITIONS = np.array([position(*place) for place in _PLACES.values()])
"""(21, 3) [head radius]"""

DERIVATION = np.array(
    [[float(e == plus) - float(e == minus) for e in ELECTRODES]
     for plus, minus in (label.split("-") for label in LABELS)]
)  # fmt: skip
"""(23, 21): channels from electrode potentials."""


def rows(*names: str) -> list[int]:
    """Rows of the electrodes `names`."""
    return [ELECTRODES.index(name) for name in names]


def near(point: NDArray[np.float64] | str, width: float) -> NDArray[np.float64]:
    """What each electrode sees of a source below `point`, (21,): 1 at it, less around it.

    Parameters
    ----------
    point : electrode name or (3,)
    width : float
        Standard deviation of the Gaussian fall-off [head radius].
    """
    place = POSITIONS[rows(point)[0]] if isinstance(point, str) else point
    seen: NDArray[np.float64] = np.exp(-np.sum((POSITIONS - place) ** 2, axis=1) / (2 * width**2))
    return seen


def spread(gains: NDArray[np.float64], width: float) -> NDArray[np.float64]:
    """A mixing matrix, (21, 21), from independent sources to correlated potentials.

    Parameters
    ----------
    gains : ndarray, (21,)
        Standard deviation of each electrode for sources of 1.
    width : float
        How far potentials resemble each other [head radius].
    """
    distance = np.sum((POSITIONS[:, None] - POSITIONS) ** 2, axis=2)
    values, vectors = np.linalg.eigh(np.exp(-distance / (2 * width**2)))
    root = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    mixing: NDArray[np.float64] = gains[:, None] * root
    return mixing


def mix(matrix: NDArray[np.float64], sources: NDArray[np.float64]) -> NDArray[np.float64]:
    """``matrix @ sources`` in one thread: the sums do not depend on the machine's cores."""
    mixed: NDArray[np.float64] = np.einsum("ij,jk->ik", matrix, sources)
    return mixed
