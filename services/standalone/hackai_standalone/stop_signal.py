"""The wish to stop: heard at any moment, also while services start, and bounded."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Awaitable, Callable

import structlog

log = structlog.get_logger(__name__)

# All services together; systemd and people wait longer than that for nobody.
STOP_S = 30.0
SERVICE_S = 10.0
LEAST_S = 1.0
# If even that hangs (a disk that does not answer, a thread that does not return): the process ends all the same.
HARD_STOP_S = 45.0


class StopSignal:
    """SIGTERM or SIGINT: the first stops in order, the second kills."""

    def __init__(self) -> None:
        self._event = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._deadline: float | None = None
        self._kills: list[Callable[[], None]] = []

    def listen(self) -> None:
        """Hear the signals from now on."""
        for number in (signal.SIGINT, signal.SIGTERM):
            self._loop.add_signal_handler(number, self._heard)

    async def wait(self) -> None:
        """Wait for the wish."""
        await self._event.wait()

    def before_kill(self, kill: Callable[[], None]) -> None:
        """Add what the second signal does."""
        self._kills.append(kill)

    async def unless(self, work: Awaitable[None]) -> bool:
        """Wait for ``work``; return False where the wish to stop came first, which cancels it."""
        task = asyncio.ensure_future(work)
        stopping = asyncio.ensure_future(self._event.wait())
        await asyncio.wait({task, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if not task.done():
            task.cancel()
            return False
        task.result()
        return True

    def grace_s(self) -> float:
        """Return how long the next service may take to stop."""
        if self._deadline is None:  # the start failed: everything that runs has to end again
            self._deadline = self._loop.time() + STOP_S
        return min(SERVICE_S, max(LEAST_S, self._deadline - self._loop.time()))

    def _heard(self) -> None:
        if self._event.is_set():
            log.warning("asked to stop again, killing the services")
            for kill in self._kills:
                kill()
            return
        self._event.set()
        self._deadline = self._loop.time() + STOP_S
        backstop = threading.Timer(HARD_STOP_S, os._exit, (1,))
        backstop.daemon = True
        backstop.start()
