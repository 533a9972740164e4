"""One place between a reader thread and the event loop: the newer frame replaces the older one."""

from __future__ import annotations

import asyncio
import threading
from typing import Generic, TypeVar

T = TypeVar("T")


class Slot(Generic[T]):
    """Written by any thread, read by one task of the event loop that it was made in."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._filled = asyncio.Event()
        self._condition = threading.Condition()
        self._item: T | None = None
        self._closed = False

    def put(self, item: T) -> bool:
        """Store ``item``; return True if it replaced one that nobody took, which is lost."""
        with self._condition:
            replaced = self._item is not None
            self._item = item
        if not replaced:
            self._loop.call_soon_threadsafe(self._filled.set)
        return replaced

    def wait_until_free(self, timeout_s: float) -> bool:
        """Block until the last item was taken; return whether it was within the time."""
        with self._condition:
            return self._condition.wait_for(lambda: self._item is None or self._closed, timeout_s)

    async def take(self) -> T | None:
        """Wait for an item and return it; None once the slot is closed and empty, so the last item is never lost."""
        while True:
            await self._filled.wait()
            with self._condition:
                item, self._item = self._item, None
                self._condition.notify_all()
                if not self._closed:
                    self._filled.clear()
                if item is not None or self._closed:
                    return item

    def close(self) -> None:
        """Let ``take`` return what is left and then None; call it from the event loop."""
        with self._condition:
            self._closed = True
            self._condition.notify_all()
        self._filled.set()
