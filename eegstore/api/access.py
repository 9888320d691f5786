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
    key: str | None = request.app.state.api_key
    if key is None:
        return
    given = credentials.credentials if credentials is not None else ""
    if not secrets.compare_digest(given.encode(), key.encode()):
        raise AccessError(
            "the API key is missing" if credentials is None else "the API key is wrong"
        )


def database_of(request: Request) -> Database:
    """The database that the app was made with."""
    database: Database = request.app.state.database
    return database


Store = Annotated[Database, Depends(database_of)]
