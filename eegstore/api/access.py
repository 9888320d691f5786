"""Who may ask: whoever knows the API key."""

import secrets
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from eegstore.errors import AccessError
from eegstore.store.database import Database

_bearer = HTTPBearer(auto_error=False, description="The API key.")


def require_key(
    request: Request,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> None:
    """Raise AccessError unless the request carries the key; without a key all may ask."""
    _check(request, None if credentials is None else credentials.credentials)


def check_key(request: Request) -> None:
    """As `require_key`, for a route without dependencies."""
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    _check(request, given.strip() or None if scheme.lower() == "bearer" else None)


def _check(request: Request, given: str | None) -> None:
    key: str | None = request.app.state.api_key
    if key is not None and not secrets.compare_digest((given or "").encode(), key.encode()):
        raise AccessError("the API key is missing" if given is None else "the API key is wrong")


def database_of(request: Request) -> Database:
    """The database that the app was made with."""
    database: Database = request.app.state.database
    return database


Store = Annotated[Database, Depends(database_of)]
