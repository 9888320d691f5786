"""A browser's way in: whoever has the API key asks for a grant, the browser makes it a session.

The viewer asks for the grant and hands it to the page that it serves; the key stays with the
viewer. The session is a cookie that scripts cannot read, good for reading (GET and WebSocket)
from the origins of ``EEGSTORE_VIEWER_ORIGINS``. In the page::

    const options = {credentials: "include"}
    await fetch(api + "/session", {
      ...options, method: "POST",
      headers: {"Content-Type": "application/json"}, body: JSON.stringify({grant}),
    })
    const page = await fetch(api + "/eeg?" + query, {
      ...options, headers: {Accept: "application/octet-stream"},
    })

``Accept`` needs no preflight, so a page costs one round trip. Status 401 says that the session
has ended: the page asks the viewer for another grant.
"""

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from eegstore.api import tickets
from eegstore.api.access import check_origin, cookie_name, require_key
from eegstore.api.bodies import json_body
from eegstore.api.problems import answer
from eegstore.errors import AccessError

router = APIRouter(tags=["session"])

GRANTED = 60  # [s] from the grant to the session
LASTS = 12 * 3600  # [s]
_GRANT = 4096  # [byte] of a body, which nobody has vouched for yet
_UNKEPT = {"Cache-Control": "no-store"}


@router.post("/session/grant", dependencies=[Depends(require_key)])
async def grant(request: Request) -> Response:
    """A grant, with which a browser may open sessions for a minute. Needs the API key itself."""
    key = request.app.state.api_key
    ticket = "" if key is None else tickets.issue(key, tickets.GRANT, GRANTED)
    return answer(200, {"grant": ticket, "expires_in": GRANTED}, _UNKEPT)


@router.post("/session", openapi_extra={
    "requestBody": {"content": {"application/json": {"example": {"grant": "…"}}}}
})  # fmt: skip
async def session(request: Request) -> Response:
    """Open a session with a grant: the answer sets its cookie."""
    check_origin(request)
    key = request.app.state.api_key
    response = answer(200, {"expires_in": LASTS}, _UNKEPT)
    if key is None:
        return response
    given = (await json_body(request, _GRANT)).get("grant")
    if given is None:
        raise AccessError("the grant is missing; it is asked for with the API key")
    if not isinstance(given, str) or not tickets.is_good(key, tickets.GRANT, given):
        raise AccessError("the grant has expired or is none; another takes the API key")
    response.set_cookie(
        cookie_name(key), tickets.issue(key, tickets.SESSION, LASTS), max_age=LASTS,
        httponly=True, samesite="strict", secure=request.url.scheme == "https",
    )  # fmt: skip
    return response
