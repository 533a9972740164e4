"""Notices that a canary is missing, finds out where it was lost, and tells the caretakers."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable
from typing import Any

import structlog

from hackai_notifier.selftest import canaries, canary_texts
from hackai_notifier.selftest.canaries import Books, Canary
from hackai_notifier.selftest.fault_location import Finding, find_broken
from hackai_notifier.selftest.maintenance_notices import Notices
from hackai_notifier.selftest.tracer import Tracer
from hackai_notifier.stopping import pause
from hackai_notifier.storage.database import Database
from hackai_shared.config.canary import CanaryConfig
from hackai_shared.health import CheckResult
from hackai_shared.messages import IncidentEvent
from hackai_shared.metrics import Metrics
from hackai_shared.reserved import CANARY_CAMERA

log = structlog.get_logger(__name__)

LOOK_EVERY_S = 1.0
REMIND_EVERY_S = 3600.0
# A database that others hold locks everybody up who waits for it; not this watch. An answer comes in milliseconds.
ANSWER_S = 0.25
# Without an answer for so long, nothing can be written.
LOCKED_S = 2.0
# To find out which leg is broken, and to say so, takes a moment of the patience: at most so many seconds and this
# part of it. What is missing is told within period and patience, not some seconds after.
DIAGNOSIS_S, DIAGNOSIS_SHARE = 3.0, 0.25
# A showing goes on until its incident has cleared: about ten seconds after the canary came through.
SHOWN_FOR_S = 20.0


class CanaryWatch:
    """Expects one canary per period, delivered by the outbox."""

    def __init__(
        self,
        database: Database,
        notices: Notices,
        tracer: Tracer,
        config: CanaryConfig,
        metrics: Metrics,
        *,
        changed: Callable[[], None],
        came_through: Callable[[Canary], None] = lambda _canary: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._notices = notices
        self._tracer = tracer
        self._config = config
        self._changed = changed
        self._came_through = came_through
        self._clock = clock
        patience_s = config.patience_s - min(DIAGNOSIS_S, DIAGNOSIS_SHARE * config.patience_s)
        self._limit_s = config.every_s + patience_s
        self._since = clock()
        self._delivered_at: float | None = None
        self._told: float | None = None
        self._finding: Finding | None = None
        self._asked: asyncio.Future[Books] | None = None
        self._asked_at = clock()
        self._writable = True
        self._received_at: float | None = None
        self._age = metrics.gauge("canary_age_seconds", "since the last canary came through, or since the start")
        self._latency = metrics.seconds("canary_seconds", "from the first frame of a canary to its delivery")

    async def arrived(self, event: IncidentEvent) -> None:
        """Take a canary in from the stream.

        Raises:
            sqlite3.Error: the outbox cannot be written; the entry stays pending and comes again.
        """
        if event.change != "opened":
            return
        if await self._database.run(lambda connection: canaries.take_in(connection, event, time.time())):
            self._changed()

    async def run(self, stop: asyncio.Event) -> None:
        """Watch until ``stop`` is set."""
        try:
            while not stop.is_set():
                await self._look()
                age_s = self._clock() - self._since
                self._age.set(age_s)
                if self._config.enabled and age_s >= self._limit_s:
                    await self._tell_missing(age_s)
                left_s = self._limit_s - age_s
                await pause(stop, min(LOOK_EVERY_S, left_s) if left_s > 0 else LOOK_EVERY_S)
        finally:
            if self._asked is not None:
                self._asked.cancel()

    async def _look(self) -> None:
        """Ask the database what came through, one question at a time; it may take its time to answer."""
        if self._asked is None:
            self._asked, self._asked_at = asyncio.ensure_future(self._database.run(canaries.settle)), self._clock()
        done, _ = await asyncio.wait({self._asked}, timeout=ANSWER_S)
        if not done:
            self._writable = self._writable and self._clock() - self._asked_at < LOCKED_S
            return
        asked, self._asked = self._asked, None
        try:
            books = asked.result()
        except sqlite3.Error as error:
            log.error("cannot see whether a canary came through", error=str(error))
            self._writable = False
            return
        self._writable = True
        self._received_at = books.received_at
        if books.newest is not None:
            await self._note(books.newest)

    @property
    def broken(self) -> Finding | None:
        """What is broken; None: the last canary came through in time, or none is due yet."""
        return self._finding

    def check(self) -> CheckResult:
        """Return whether canaries come through."""
        if self._finding is not None:
            return CheckResult(False, f"no canary for {self._clock() - self._since:.0f} s: {self._finding.reason}")
        return CheckResult(True, f"{self._clock() - self._since:.0f} s ago")

    def details(self) -> dict[str, Any]:
        """Return what the heartbeat says."""
        return {
            "enabled": self._config.enabled,
            "delivered_at": self._delivered_at,
            "broken": None if self._finding is None else {"leg": self._finding.leg, "reason": self._finding.reason},
        }

    async def _note(self, canary: Canary) -> None:
        if canary.delivered_at == self._delivered_at:
            return
        first_look = self._delivered_at is None and time.time() - canary.delivered_at > 2 * LOOK_EVERY_S
        self._delivered_at = canary.delivered_at
        if first_look:
            return  # one of before the restart proves nothing of now
        lost_s, self._since = self._clock() - self._since, self._clock()
        self._latency.observe(canary.whole_s)
        self._came_through(canary)
        if self._finding is not None:
            log.warning("canary is back", after_s=round(lost_s))
            self._finding, self._told = None, None
            await self._notices.tell(f"canary back {canary.delivered_at:.0f}", canary_texts.watch_works(lost_s))

    async def _tell_missing(self, age_s: float) -> None:
        received_s = None if self._received_at is None else time.time() - self._received_at
        trace = await self._tracer.trace(CANARY_CAMERA, received_s)
        # What happened while the last canary that came through was still being shown is no sign of the next one.
        self._finding = find_broken(trace, age_s - min(SHOWN_FOR_S, self._config.every_s / 2))
        if not self._writable:  # whatever else is broken
            self._finding = Finding("outbox", "the outbox cannot be written")
        if self._told is not None and self._clock() - self._told < REMIND_EVERY_S:
            return
        self._told = self._clock()
        log.error("NO CANARY", leg=self._finding.leg, reason=self._finding.reason, age_s=round(age_s))
        body, subject = canary_texts.watch_broken(self._finding.reason, age_s), f"canary {time.time():.0f}"
        if self._finding.leg == "outbox":
            await self._notices.tell_past_the_outbox(subject, body)
        else:
            await self._notices.tell(subject, body)
