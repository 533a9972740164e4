"""Bounded work in threads: models block, and a flood must find a short queue, not a full memory."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

R = TypeVar("R")


class Busy(Exception):
    """Too many requests wait already."""


class Workbench:
    """Runs blocking functions, ``workers`` at a time, with at most ``waiting`` more in the queue."""

    def __init__(self, *, workers: int = 1, waiting: int = 8) -> None:
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="faces")
        self._room = workers + waiting
        self._inside = 0

    async def run(self, work: Callable[[], R]) -> R:
        """Return what the function returns.

        Raises:
            Busy: the queue is full.
        """
        if self._inside >= self._room:
            raise Busy
        self._inside += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, work)
        finally:
            self._inside -= 1

    async def close(self) -> None:
        """Wait for running work; what still waits is dropped."""
        await asyncio.to_thread(self._pool.shutdown, wait=True, cancel_futures=True)
