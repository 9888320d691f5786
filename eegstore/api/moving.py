"""Clients are asked to connect again where one process has far more of them than another."""

from collections.abc import Sequence

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from eegstore.api.accepting import Acceptor

_CLOSE = (b"connection", b"close")


class Moving:
    """An app some of whose answers end their connections (RFC 9112, 9.6), but for those to
    requests that were not heard to their end.

    HTTP clients connect again for their next request, and whoever has the fewest takes them.

    Parameters
    ----------
    app : ASGI app
    acceptors : sequence
        Those of this process; there may be none yet.
    """

    def __init__(self, app: ASGIApp, acceptors: Sequence[Acceptor]) -> None:
        self._app, self._acceptors = app, acceptors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        # Closing while a body still comes in would reset the connection, and the answer be lost.
        heard = not any(
            name == b"transfer-encoding" or (name == b"content-length" and value != b"0")
            for name, value in scope["headers"]
        )

        async def hearing() -> Message:
            nonlocal heard
            message = await receive()
            heard = heard or not message.get("more_body", False)
            return message

        async def moving(message: Message) -> None:
            if message["type"] == "http.response.start" and heard and self._moves_one():
                message = {**message, "headers": [*message.get("headers", ()), _CLOSE]}
            await send(message)

        await self._app(scope, hearing, moving)

    def _moves_one(self) -> bool:
        return any(acceptor.moves_one() for acceptor in self._acceptors)
