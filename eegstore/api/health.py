"""Whether the service lives, and whether it can serve. No key needed; nothing is told."""

from fastapi import APIRouter
from starlette.responses import Response

from eegstore.api.access import Store
from eegstore.api.problems import answer
from eegstore.errors import StoreUnavailableError

router = APIRouter(tags=["health"])


@router.get("/healthz")
async def healthz() -> Response:
    """The process answers."""
    return answer(200, {"status": "ok"})


@router.get("/readyz")
async def readyz(database: Store) -> Response:
    """The database answers, keeps what it acknowledges, and has this version's schema."""
    try:
        await database.check()
    except StoreUnavailableError as error:
        raise StoreUnavailableError("the database is not ready", error.retry_after) from error
    return answer(200, {"status": "ready"})
