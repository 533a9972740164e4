"""An answer that is still being sent, such as a live view, ends when the rights of whoever reads it end."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any, Awaitable, Callable, MutableMapping

import structlog

log = structlog.get_logger(__name__)

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

# With the second that a revoked session takes to arrive (``revocations.PERIOD_S``) far below the promised five.
PERIOD_S = 1.0


class OpenAnswer:
    """Passes an answer on and can close it."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._open = False

    async def send(self, message: MutableMapping[str, Any]) -> None:
        """Pass one ASGI message on."""
        await self._send(message)
        if message["type"] == "http.response.start":
            self._open = True
        elif message["type"] == "http.response.body" and not message.get("more_body", False):
            self._open = False

    async def while_it_holds(
        self, answering: Awaitable[None], holds: Callable[[], bool], *, period_s: float = PERIOD_S
    ) -> None:
        """Wait for the answer, or end it at most ``period_s`` after ``holds`` became false."""
        serving = asyncio.ensure_future(answering)
        ended = False
        try:
            while not ended and not (await asyncio.wait({serving}, timeout=period_s))[0]:
                ended = not holds()
        finally:
            serving.cancel()
        if not ended:
            serving.result()
            return
        await asyncio.wait({serving}, timeout=period_s)
        log.info("an open answer was closed: the session has ended")
        if self._open:
            # A reader that takes nothing is cut off by the server when this returns.
            with contextlib.suppress(asyncio.TimeoutError):
                end = self._send({"type": "http.response.body", "body": b"", "more_body": False})
                await asyncio.wait_for(end, period_s)
