"""Makes clips beside the event loop, few at a time and at low priority: watching must never stop the watcher."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from hackai_camera.clip import encode_clip
from hackai_shared.envelope import Frame

# One encodes at a time; so many more may wait (an incident of each of a handful of cameras at the same moment).
MAX_WAITING = 8
NICENESS = 10


class TooManyClips(Exception):
    """Too many clips are being made; try again soon."""


class ClipMaker:
    """A single encoding thread with a bounded queue."""

    def __init__(self) -> None:
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="clip", initializer=_be_nice)
        self._waiting = 0
        self._closing = threading.Event()

    async def make(self, frames: Sequence[Frame]) -> bytes:
        """Return the clip of the frames.

        Raises:
            TooManyClips: the queue is full.
            ClipError: see :func:`encode_clip`.
        """
        if self._waiting >= MAX_WAITING:
            raise TooManyClips(f"{self._waiting} clips are being made already")
        self._waiting += 1
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._executor, encode_clip, frames, self._closing.is_set)
        finally:
            self._waiting -= 1

    async def close(self) -> None:
        """Cancel what is being made."""
        self._closing.set()
        self._executor.shutdown(wait=False, cancel_futures=True)


def _be_nice() -> None:
    """Lower the priority of this thread alone (Linux gives each thread its own)."""
    os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
