"""A streamed answer that holds one of few seats."""

from __future__ import annotations

from typing import Any, AsyncIterator, Callable

from fastapi.responses import StreamingResponse


class SeatedStream(StreamingResponse):
    """Gives its seat back (``leave``) however it ends, even if it never began; ``more`` as for the base class."""

    def __init__(self, parts: AsyncIterator[bytes], leave: Callable[[], None], **more: Any) -> None:
        super().__init__(parts, **more)
        self._leave = leave

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Stream, as ASGI asks for it."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._leave()
