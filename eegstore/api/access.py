"""Who may ask: whoever knows the API key, and for reading also a browser with a session."""

import secrets
from ipaddress import ip_address
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.requests import HTTPConnection

from eegstore.api import tickets
from eegstore.errors import AccessError
from eegstore.store.database import Database

_bearer = HTTPBearer(auto_error=False, description="The API key.")


# Dependencies are async where they need not be: FastAPI sends others to a thread and back.


async def require_key(
    request: Request,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> None:
    """Raise AccessError unless the request carries the key, or reads within a browser's session.

    Without a key all may ask.
    """
    _check(request, None if credentials is None else credentials.credentials)


def check_key(connection: HTTPConnection) -> float | None:
    """As `require_key`, for a route without dependencies, and for a WebSocket.

    Returns
    -------
    float or None
        How long that is good [s]: a browser's session ends, the key does not.
    """
    scheme, _, given = connection.headers.get("authorization", "").partition(" ")
    return _check(connection, given.strip() or None if scheme.lower() == "bearer" else None)


def check_origin(connection: HTTPConnection) -> None:
    """Raise AccessError when a page asks that is none of the viewer's.

    Cookies know no ports: the browser would send ours along for any page of this host.
    """
    origin = connection.headers.get("origin")
    if origin is not None and origin not in connection.app.state.viewer_origins:
        raise AccessError(
            f"pages of {origin} may not ask; EEGSTORE_VIEWER_ORIGINS names those that may, and "
            "others need the API key"
        )


def cookie_name(api_key: str) -> str:
    """Of the session: another API on another port of this host has another."""
    return f"eegstore_{tickets.fingerprint(api_key)}"


def _check(connection: HTTPConnection, given: str | None) -> float | None:
    key: str | None = connection.app.state.api_key
    if key is None:
        _check_near(connection)
    elif given is None:
        return _check_session(connection, key)
    elif not secrets.compare_digest(given.encode(), key.encode()):
        raise AccessError("the API key is wrong")
    return None


def _check_near(connection: HTTPConnection) -> None:
    """Raise AccessError when a page may be asking that is none of the viewer's.

    Without a key nothing else keeps it out: of its own host it reads what it likes once it has
    that host's name lead to this machine, and a POST without a body needs nobody's leave.
    """
    host = connection.headers.get("host", "")
    try:
        name = urlsplit(f"//{host}").hostname or ""
        near = name == "localhost" or ip_address(name).is_loopback
    except ValueError:
        near = False
    if not near:
        raise AccessError(f"without an API key this machine is asked as 127.0.0.1, not as {host}")
    if connection.scope.get("method", "GET") != "GET":
        check_origin(connection)


def _check_session(connection: HTTPConnection, key: str) -> float:
    ticket = connection.cookies.get(cookie_name(key))
    if ticket is None:
        raise AccessError("the API key is missing")
    if connection.scope.get("method", "GET") != "GET":
        raise AccessError("a browser's session may only read; this needs the API key")
    left = tickets.left(key, tickets.SESSION, ticket)
    if not left:
        raise AccessError("the browser's session has ended, and the API key is missing")
    check_origin(connection)
    return left


def database_of(connection: HTTPConnection) -> Database:
    """The database that the app was made with."""
    database: Database = connection.app.state.database
    return database


async def _store(request: Request) -> Database:
    return database_of(request)


Store = Annotated[Database, Depends(_store)]
