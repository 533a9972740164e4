"""What the lanes of all recipients share: the channels, who must be left alone, and how results are written."""

from __future__ import annotations

import asyncio
import random
import sqlite3
import time
from collections.abc import Callable, Mapping

import structlog

from hackai_notifier.channels.base import Channel
from hackai_notifier.delivery import addresses
from hackai_notifier.delivery.content import Editor
from hackai_notifier.delivery.results import Recorder
from hackai_notifier.people.recipients import Recipient
from hackai_notifier.stopping import pause
from hackai_notifier.storage.database import Database, Work
from hackai_shared.health import CheckResult

log = structlog.get_logger(__name__)

DISK_RETRY_S = 1.0
# A wall clock that jumped must not silence a chat for days.
LONGEST_PAUSE_S = 3600.0


class DeliveryContext:
    """One per process."""

    def __init__(
        self,
        database: Database,
        editor: Editor,
        recorder: Recorder,
        channels: Mapping[str, Channel],
        *,
        moved: Callable[[Recipient, str], None],
        jitter: Callable[[], float] = random.random,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.database = database
        self.editor = editor
        self.recorder = recorder
        self.channels = channels
        self.moved = moved
        self.jitter = jitter
        self.clock = clock
        self.paused_until: dict[Recipient, float] = {}
        self.refused: dict[str, str] = {}
        self._wakers: list[asyncio.Event] = []

    def waker(self) -> asyncio.Event:
        """Return a new event that ``wake`` sets."""
        event = asyncio.Event()
        self._wakers.append(event)
        return event

    def wake(self) -> None:
        """Let everybody look into the outbox now."""
        for event in self._wakers:
            event.set()

    def credentials_check(self, channel: str) -> CheckResult:
        """Return whether a channel accepts our credentials."""
        reason = self.refused.get(channel)
        return CheckResult(reason is None, reason or "accepted")

    async def restore(self) -> None:
        """Continue the pauses and redirections of the previous process."""
        for recipient, new_address in await self.database.run(addresses.moves):
            self.moved(recipient, new_address)
        for recipient, until in await self.database.run(addresses.pauses):
            left = min(until - time.time(), LONGEST_PAUSE_S)
            if left > 0:
                self.paused_until[recipient] = self.clock() + left

    async def chat_moved(self, recipient: Recipient, new_address: str, stop: asyncio.Event) -> None:
        """Send everything to the new address from now on; its rights move along."""
        log.warning("chat moved, change the configuration", old=recipient.address, new=new_address)
        now = time.time()
        await self.commit(lambda connection: addresses.move(connection, recipient, new_address, now=now), stop)
        self.moved(recipient, new_address)
        self.wake()

    async def commit(self, work: Work[None], stop: asyncio.Event) -> None:
        """Write a result; a full disk is waited out, because what was sent must not be sent again."""
        while True:
            try:
                await self.database.run(work)
            except sqlite3.OperationalError as error:
                log.error("cannot note a result, trying again", error=str(error))
                if stop.is_set():
                    raise
                await pause(stop, DISK_RETRY_S)
            else:
                return
