"""The one error family of eegstore.

    EegStoreError
    ├── NotFoundError(LookupError)      unknown, or not yours to see
    ├── ConflictError                   it exists already, with other content
    ├── AccessError(PermissionError)    no key, or not the right one
    ├── InvalidDataError(ValueError)    says which value and which limit
    │   ├── CodecError                  a blob that is none, or is damaged
    │   ├── EdfError                    a file that its own header does not describe
    │   ├── SpanError                   an interval that makes no sense here
    │   └── TooLargeError               more than one request may carry
    └── StoreUnavailableError           the database or the service cannot be reached now

The service raises them, ``api.problems`` turns them into HTTP statuses, and the client
raises the same class again, so ``except ConflictError`` reads the same on both sides.
A second that was never recorded is not an error: it is a gap.
"""


class EegStoreError(Exception):
    """Base of all errors that eegstore raises on purpose."""


class NotFoundError(EegStoreError, LookupError):
    """No such patient, recording or annotation, or none that the caller may see."""


class ConflictError(EegStoreError):
    """It is stored already with other content; what is stored stays."""


class AccessError(EegStoreError, PermissionError):
    """The request carries no valid API key."""


class InvalidDataError(EegStoreError, ValueError):
    """A value that cannot be stored or asked for; the message names it and the limit."""


class CodecError(InvalidDataError):
    """Bytes that are not a chunk, or a damaged one."""


class EdfError(InvalidDataError):
    """An EDF/BDF file that its own header does not describe; names file, field and value."""


class SpanError(InvalidDataError):
    """A span that ends before it starts, or lies outside what the recording can hold."""


class TooLargeError(InvalidDataError):
    """More than one request may carry; the message says how much and the limit."""


class StoreUnavailableError(EegStoreError):
    """The database or the service cannot be reached now; trying again later may work.

    Parameters
    ----------
    message : str
    retry_after : float
        When to try again [s].
    """

    def __init__(self, message: str, retry_after: float = 1.0) -> None:
        super().__init__(message)
        self.retry_after = retry_after
