"""Refuses request bodies over a limit before they are read into memory."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any, Awaitable, Callable, MutableMapping

from hackai_shared.problems import problem_response

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


# A connection that is closed while its client still sends is reset, and the answer lost with it. So the rest of a body
# is read and thrown away, to these limits (nginx calls it a lingering close).
LINGER_BYTES = 4_000_000
LINGER_S = 1.0


class _TooLarge(Exception):
    """The counted body went over the limit."""


class BodyLimit:
    """ASGI middleware: 413 by Content-Length at once, and by count for chunked bodies."""

    def __init__(self, app: Any, max_bytes: int) -> None:
        self._app = app
        self._max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer 413."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        if not declared.isdigit() or int(declared) > self._max_bytes:
            await self._refuse(receive, send)
            return
        received = 0
        started = False

        async def counted() -> MutableMapping[str, Any]:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self._max_bytes:
                raise _TooLarge
            return message

        async def watched(message: MutableMapping[str, Any]) -> None:
            nonlocal started
            # FastAPI turns whatever reading a form raises into its own 400: that answer is replaced by ours below.
            if not started and received > self._max_bytes:
                raise _TooLarge
            started = True
            await send(message)

        try:
            await self._app(scope, counted, watched)
        except _TooLarge:
            if not started:
                await self._refuse(receive, send)

    async def _refuse(self, receive: Receive, send: Send) -> None:
        response = problem_response(
            413,
            f"the body is larger than {self._max_bytes} bytes",
            kind="body-too-large",
            headers={"connection": "close"},  # not all that is left of the body is read
        )
        await send({"type": "http.response.start", "status": response.status_code, "headers": response.raw_headers})
        await send({"type": "http.response.body", "body": response.body, "more_body": True})
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(_throw_away(receive), LINGER_S)
        await send({"type": "http.response.body", "body": b""})


async def _throw_away(receive: Receive) -> None:
    left = LINGER_BYTES
    while left > 0:
        message = await receive()
        if not message.get("more_body", False):  # the end, or the client is gone
            return
        left -= len(message.get("body", b""))
