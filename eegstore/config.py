"""Settings, read from ``EEGSTORE_*`` by entry points only; everyone else is handed values."""

import os
import secrets
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from platformdirs import user_data_path
from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from eegstore.errors import AccessError

VIEWER_PORT = 5006
_DEFAULT_PORTS = {"http": 80, "https": 443}
_LOOPBACK = ("127.0.0.1", "localhost")


def loopback_origins(port: int) -> tuple[str, ...]:
    """The web origins of what this machine serves on a port to itself."""
    return tuple(f"http://{name}:{port}" for name in ("127.0.0.1", "localhost"))


class Settings(BaseSettings):
    """What the environment says."""

    model_config = SettingsConfigDict(env_prefix="EEGSTORE_", extra="ignore")

    data: Path = Field(default_factory=lambda: user_data_path("eegstore"))
    database_url: SecretStr | None = None  # postgresql+psycopg://...; None: embedded server
    admin_database_url: SecretStr | None = None  # for migrations; None: database_url
    pg_version: int = 18  # of the embedded server, 16 or 18
    pg_bin: Path | None = None  # directory of initdb and postgres, instead of the wheel's
    api_url: str = "http://127.0.0.1:8765"
    api_key: SecretStr | None = None
    pool_size: int = 8  # connections to PostgreSQL, of each process twice as many
    kept_mb: int = Field(default=64, ge=0)  # decoded seconds that the API keeps [MB]; 0: none
    workers: int = Field(default=1, ge=1, le=64)  # processes of the API
    public_api_url: str | None = None  # where browsers find the API; None: api_url
    # Under which the viewer is opened, with spaces or commas between them.
    viewer_origins: Annotated[tuple[str, ...], NoDecode] = loopback_origins(VIEWER_PORT)

    @field_validator("viewer_origins", mode="before")
    @classmethod
    def _origins(cls, value: Any) -> Any:
        parts = value.replace(",", " ").split() if isinstance(value, str) else value
        return tuple(origin_of(part) for part in parts)


def origin_of(url: str) -> str:
    """The origin of a URL as browsers write it; ValueError when it is none, or more than one."""
    parts = urlsplit(url)
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname or "*" in parts.hostname:
        raise ValueError(f"{url!r} is no web origin; http://host:port or https://host:port")
    if parts.path not in ("", "/") or parts.query or parts.fragment or "@" in parts.netloc:
        raise ValueError(f"{url!r} is more than a web origin, which ends after host and port")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    if parts.port in (None, _DEFAULT_PORTS[parts.scheme]):
        return f"{parts.scheme}://{host}"
    return f"{parts.scheme}://{host}:{parts.port}"


def browser_url(settings: Settings, page_host: str) -> str:
    """Where a browser finds the API that has the viewer open under a host name.

    On loopback the API is called what the page is called: a browser sends the session cookie
    from a page of 127.0.0.1 to 127.0.0.1, and not to localhost.

    Parameters
    ----------
    page_host : str
        The page's Host header.
    """
    url = settings.public_api_url or settings.api_url
    parts = urlsplit(url)
    page = urlsplit(f"//{page_host}").hostname
    if parts.hostname not in _LOOPBACK or page not in _LOOPBACK:
        return url
    return parts._replace(netloc=page + (f":{parts.port}" if parts.port else "")).geturl()


def api_key(settings: Settings, *, create: bool = False) -> str | None:
    """The API key: from ``EEGSTORE_API_KEY``, else from the data directory.

    Parameters
    ----------
    create : bool
        Make one (file ``api_key``, mode 0600) where there is none. Starting several
        processes at once makes one key.

    Raises
    ------
    AccessError
        When the file exists and may not be read, or is empty. An empty variable counts as none.
    """
    stated = settings.api_key.get_secret_value().strip() if settings.api_key is not None else ""
    if stated:
        return stated
    path = settings.data / "api_key"
    if create and not path.exists():
        settings.data.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(f".api_key.{os.getpid()}.{secrets.token_hex(4)}")
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(32) + "\n")
        try:
            os.link(fresh, path)
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    try:
        key = path.read_text().strip()
    except FileNotFoundError:
        return None
    except PermissionError:
        raise AccessError(f"may not read the API key in {path}; set EEGSTORE_API_KEY") from None
    if not key:
        raise AccessError(f"the API key file {path} is empty; remove it, or set EEGSTORE_API_KEY")
    return key
