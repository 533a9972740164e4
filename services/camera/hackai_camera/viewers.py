"""Live views: each viewer gets the newest frame whenever it is ready for one, and holds nobody up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

from hackai_shared.envelope import Frame


class TooManyViewers(Exception):
    """The camera has as many viewers as are allowed."""


class Viewers:
    """The viewers of one camera; lives in the event loop."""

    def __init__(self, newest: Callable[[], Frame | None], limit: int) -> None:
        self._newest = newest
        self._limit = limit
        self._changed = asyncio.Event()
        self._closed = False
        self.count = 0

    def notify(self) -> None:
        """Wake the viewers: there is a new frame."""
        self._changed.set()
        self._changed = asyncio.Event()

    def close(self) -> None:
        """End all views: no frame will come any more."""
        self._closed = True
        self._changed.set()

    def reopen(self) -> None:
        """Let frames come again."""
        self._closed = False
        self._changed = asyncio.Event()

    def take_seat(self) -> None:
        """Take one of the seats; ``leave_seat`` gives it back.

        Raises:
            TooManyViewers: all are taken.
        """
        if self.count >= self._limit:
            raise TooManyViewers(f"{self._limit} viewers already watch this camera")
        self.count += 1

    def leave_seat(self) -> None:
        """Give the seat back."""
        self.count -= 1

    async def follow(self, heartbeat_s: float) -> AsyncIterator[Frame | None]:
        """Yield the newest frame each time the caller asks; None when there was none for ``heartbeat_s`` seconds."""
        seen: tuple[str, int] | None = None
        while True:
            changed, closed = self._changed, self._closed
            frame = self._newest()
            key = None if frame is None else (frame.header.epoch, frame.header.sequence)
            if key is not None and key != seen:
                seen = key
                yield frame
                continue
            if closed:
                return
            try:
                await asyncio.wait_for(changed.wait(), heartbeat_s)
            except TimeoutError:
                yield None
