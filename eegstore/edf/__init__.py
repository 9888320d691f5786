"""EDF, EDF+C, EDF+D, BDF and BDF+ files, read and written by hand, count for count.

`EdfFile` reads a file as a recording and its chunks; `Original` and `OriginalRebuilder` keep
what is not samples and give the file back byte for byte; `EdfWriter` exports a recording, or a
crop of it, as a clean EDF+ file.
"""

from eegstore.edf.memory import write_edf
from eegstore.edf.original import Original, OriginalRebuilder, record_onsets
from eegstore.edf.read import EdfFile
from eegstore.edf.write import EdfWriter

__all__ = [
    "EdfFile",
    "EdfWriter",
    "Original",
    "OriginalRebuilder",
    "record_onsets",
    "write_edf",
]
