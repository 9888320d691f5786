"""From error to HTTP status: one table, one shape of body."""

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from eegstore import wire
from eegstore.errors import (
    AccessError,
    ConflictError,
    EegStoreError,
    InvalidDataError,
    NotFoundError,
    StoreUnavailableError,
    TooLargeError,
)

MAX_BODY = 32 << 20  # [byte]

STATUS: dict[type[Exception], int] = {
    AccessError: 401,
    NotFoundError: 404,
    ConflictError: 409,
    TooLargeError: 413,
    InvalidDataError: 422,
    StoreUnavailableError: 503,
}


def status_of(error: EegStoreError) -> int:
    """HTTP status of an error: that of its nearest class in `STATUS`."""
    return next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 500)


def answer(status: int, body: object, headers: dict[str, str] | None = None) -> Response:
    """A JSON response."""
    return Response(wire.dump(body), status, headers, media_type="application/json")


def problem(error: EegStoreError) -> Response:
    """The response that says what was wrong."""
    headers = {}
    if isinstance(error, StoreUnavailableError):
        headers["Retry-After"] = f"{error.retry_after:g}"
    elif isinstance(error, AccessError):
        headers["WWW-Authenticate"] = "Bearer"
    body = {"error": type(error).__name__, "detail": str(error)}
    return answer(status_of(error), body, headers)


def unforeseen() -> Response:
    """The response where nobody foresaw what failed: nothing is told."""
    return answer(500, {"error": "EegStoreError", "detail": "Internal Server Error"})


def too_large(size: str, most: int = MAX_BODY) -> TooLargeError:
    """The error for a body over the limit."""
    return TooLargeError(f"the body is {size}; at most {most} bytes")


def add_handlers(app: FastAPI) -> None:
    """Make every error of the app answer in the one shape."""

    @app.exception_handler(EegStoreError)
    async def own(request: Request, error: Exception) -> Response:
        assert isinstance(error, EegStoreError)
        return problem(error)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        value = f" {first['input']!r}" if isinstance(first.get("input"), str | int | float) else ""
        return problem(InvalidDataError(f"{where}{value}: {first['msg']}"))

    @app.exception_handler(Exception)
    async def nobody_s(request: Request, error: Exception) -> Response:
        return unforeseen()  # and the log has it

    @app.exception_handler(ClientDisconnect)
    async def gone(request: Request, error: Exception) -> Response:
        return Response(status_code=400)  # nobody is left to hear it; the log stays quiet

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        if error.status_code == 413:
            return problem(too_large("larger"))
        if error.status_code == 404:
            return problem(NotFoundError(f"no such route: {request.url.path}"))
        body = {"error": "EegStoreError", "detail": str(error.detail)}
        return answer(error.status_code, body, dict(error.headers or {}))
