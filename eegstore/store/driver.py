"""The driver's connection, and its errors as eegstore's own."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from eegstore.errors import InvalidDataError, NotFoundError, StoreUnavailableError

POOL_TIMEOUT = 5.0  # [s]
_NUL = ("22P05", "22021")  # as escape sequence in JSON, and as byte of UTF-8
_UNAVAILABLE = ("08", "40", "53", "57", "58", "55P03", "25006", "XX001")

Raw = psycopg.AsyncConnection[Any]


@contextmanager
def translated() -> Iterator[None]:
    """Errors of the drivers as eegstore's own, by SQLSTATE."""
    try:
        yield
    except PoolTimeout as error:
        raise StoreUnavailableError(f"all connections busy for {POOL_TIMEOUT:g} s") from error
    except DBAPIError as error:
        raise _translate(error.orig, error) from error
    except psycopg.Error as error:
        raise _translate(error, error) from error
    except SQLAlchemyError as error:
        if "closed" in str(error):
            raise StoreUnavailableError(f"connection lost: {error}") from error
        raise


def in_one_line(record: logging.LogRecord) -> bool:
    """A connection that was lost while it was given back is told without a traceback.

    A filter of the pool's logger. Nobody has lost anything by it: what was to be committed
    had been, or had failed, before; and the pool makes another connection.
    """
    error = record.exc_info[1] if record.exc_info else None
    if isinstance(error, DBAPIError | psycopg.Error):
        said = str(error).strip().splitlines()
        record.msg = f"a connection was lost while it was given back: {said[0] if said else ''}"
        record.exc_info = None
        record.levelno, record.levelname = logging.WARNING, "WARNING"
    return True


def _translate(cause: BaseException | None, error: Exception) -> Exception:
    state = getattr(cause, "sqlstate", None)
    message = str(cause).strip().splitlines()[0] if str(cause).strip() else repr(cause)
    if state == "23503":
        return NotFoundError("no such recording")
    if state in _NUL or (isinstance(cause, psycopg.DataError) and "NUL" in message):
        return InvalidDataError("text contains the character U+0000, which is not allowed")
    if state is None and isinstance(cause, psycopg.OperationalError | psycopg.InterfaceError):
        return StoreUnavailableError(f"the database cannot be reached: {message}")
    if state is not None and state.startswith(_UNAVAILABLE):
        return StoreUnavailableError(f"the database cannot serve now: {message}")
    return error
