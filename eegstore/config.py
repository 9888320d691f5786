"""Settings, read from ``EEGSTORE_*`` by entry points only; everyone else is handed values."""

import os
import secrets
from pathlib import Path

from platformdirs import user_data_path
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from eegstore.errors import AccessError


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
    pool_size: int = 8  # connections to PostgreSQL


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
