"""Signed numbers as unsigned ones: 0, -1, 1, -2 ... as 0, 1, 2, 3 ..., and back."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def zigzag(signed: NDArray[Any]) -> NDArray[Any]:
    """The unsigned numbers, of as many bits."""
    doubled: NDArray[Any] = signed << 1
    doubled ^= signed >> (8 * signed.itemsize - 1)
    return doubled.view(f"u{signed.itemsize}")


def unzigzag(numbers: NDArray[Any]) -> NDArray[Any]:
    """The signed numbers that these unsigned ones are."""
    signed: NDArray[Any] = (numbers >> 1).view(f"i{numbers.itemsize}")
    sign = (numbers & 1).view(signed.dtype)
    signed ^= np.negative(sign, out=sign)
    return signed
