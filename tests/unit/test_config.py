"""Settings come from EEGSTORE_*; the API key is made once and is its owner's alone."""

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from pydantic import ValidationError

from eegstore.config import Settings, api_key, browser_url
from eegstore.errors import AccessError


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("EEGSTORE_")]:
        monkeypatch.delenv(name)


def test_without_settings_the_embedded_server_is_used() -> None:
    settings = Settings()
    assert settings.database_url is None
    assert settings.admin_database_url is None
    assert settings.pg_version == 18
    assert settings.data.name == "eegstore"


def test_the_environment_is_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("EEGSTORE_DATA", str(tmp_path))
    monkeypatch.setenv("EEGSTORE_DATABASE_URL", "postgresql+psycopg://u:secret@h/d")
    monkeypatch.setenv("EEGSTORE_PG_VERSION", "16")
    monkeypatch.setenv("EEGSTORE_POOL_SIZE", "3")
    monkeypatch.setenv("EEGSTORE_NOT_A_SETTING", "x")
    settings = Settings()
    assert (settings.data, settings.pg_version, settings.pool_size) == (tmp_path, 16, 3)
    assert settings.database_url is not None
    assert settings.database_url.get_secret_value() == "postgresql+psycopg://u:secret@h/d"


def test_secrets_are_not_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EEGSTORE_DATABASE_URL", "postgresql+psycopg://u:hunter2@h/d")
    monkeypatch.setenv("EEGSTORE_ADMIN_DATABASE_URL", "postgresql+psycopg://a:hunter2@h/d")
    monkeypatch.setenv("EEGSTORE_API_KEY", "hunter2")
    assert "hunter2" not in f"{Settings()!r} {Settings()} {Settings().model_dump()}"


def test_no_key_is_none_and_asking_makes_none(tmp_path: Path) -> None:
    assert api_key(Settings(data=tmp_path)) is None
    assert list(tmp_path.iterdir()) == []


def test_a_key_is_made_once_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "new" / "place")
    key = api_key(settings, create=True)
    assert key is not None
    assert len(key) >= 32
    path = settings.data / "api_key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert api_key(settings, create=True) == api_key(settings) == key == path.read_text().strip()
    assert list(settings.data.iterdir()) == [path]


def test_two_stores_have_two_keys(tmp_path: Path) -> None:
    keys = {api_key(Settings(data=tmp_path / name), create=True) for name in "ab"}
    assert len(keys) == 2


def test_the_environments_key_wins_and_is_not_written(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, api_key="from-environment")  # type: ignore[arg-type]
    assert api_key(settings, create=True) == "from-environment"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("empty", ["", " ", "\n"])
def test_an_empty_key_is_no_key(tmp_path: Path, empty: str) -> None:
    """Neither in the environment, where the file counts then, nor in the file."""
    key = api_key(Settings(data=tmp_path), create=True)
    assert api_key(Settings(data=tmp_path, api_key=empty)) == key  # type: ignore[arg-type]
    (tmp_path / "api_key").write_text(empty)
    with pytest.raises(AccessError, match="is empty"):
        api_key(Settings(data=tmp_path))


def test_starting_together_makes_one_key(tmp_path: Path) -> None:
    together = Barrier(8)

    def start(_: int) -> str | None:
        together.wait()
        return api_key(Settings(data=tmp_path), create=True)

    with ThreadPoolExecutor(8) as threads:
        assert len(set(threads.map(start, range(8)))) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["api_key"]


def test_a_key_that_may_not_be_read_is_an_access_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    api_key(Settings(data=tmp_path), create=True)

    def refuse(*_: object, **__: object) -> str:
        raise PermissionError(13, "Permission denied")

    # Root may read everything, so the refusal of the system is played.
    monkeypatch.setattr(Path, "read_text", refuse)
    with pytest.raises(AccessError, match="EEGSTORE_API_KEY"):
        api_key(Settings(data=tmp_path))


def test_origins_are_those_of_the_viewers_port_unless_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert Settings().viewer_origins == ("http://127.0.0.1:5006", "http://localhost:5006")
    monkeypatch.setenv("EEGSTORE_VIEWER_ORIGINS", "https://EEG.example.org:443/, http://[::1]:80 ")
    assert Settings().viewer_origins == ("https://eeg.example.org", "http://[::1]")
    monkeypatch.setenv("EEGSTORE_VIEWER_ORIGINS", "")
    assert Settings().viewer_origins == ()


@pytest.mark.parametrize(
    "wrong",
    ["*", "null", "http://*", "http://*.example.org", "eeg.example.org", "file:///x", "http://",
     "http://a/viewer", "http://a?x", "http://me@a", "http://a:b", "http://a http://b/c"],
)  # fmt: skip
def test_what_is_no_origin_is_refused(wrong: str) -> None:
    with pytest.raises(ValidationError, match="viewer_origins"):
        Settings(viewer_origins=wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("public", "page", "found"),
    [
        (None, "127.0.0.1:5006", "http://127.0.0.1:8765"),
        (None, "localhost:5006", "http://localhost:8765"),
        ("http://localhost:80/api", "127.0.0.1", "http://127.0.0.1:80/api"),
        ("http://127.0.0.1", "localhost", "http://localhost"),
        ("https://api.example.org", "localhost:5006", "https://api.example.org"),
        (None, "eeg.example.org", "http://127.0.0.1:8765"),
        (None, "[::1]:5006", "http://127.0.0.1:8765"),
    ],
)
def test_a_browser_finds_the_api_on_the_host_of_the_page(
    public: str | None, page: str, found: str
) -> None:
    assert browser_url(Settings(public_api_url=public), page) == found
