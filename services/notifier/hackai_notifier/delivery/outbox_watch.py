"""Looks at the outbox now and then: readiness, metrics and heartbeat speak of what it saw."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import time
from typing import Any

from hackai_notifier.delivery import outbox
from hackai_notifier.delivery.outbox import Summary
from hackai_notifier.stopping import pause
from hackai_notifier.storage.database import Database
from hackai_shared.health import CheckResult
from hackai_shared.metrics import Metrics

PERIOD_S = 2.0
# An alarm that waits longer than this is not on its way, it is stuck.
LATE_S = 120.0


class OutboxWatch:
    """The last look at the outbox."""

    def __init__(self, database: Database, metrics: Metrics) -> None:
        self._database = database
        self._waiting = metrics.gauge("outbox_waiting", "steps that wait to be sent")
        self._dead = metrics.gauge("outbox_dead_letters", "steps that were given up")
        self._oldest = metrics.gauge("outbox_oldest_seconds", "age of the oldest text that waits; 0 when none does")
        self.summary = Summary(0, 0, 0, None)

    async def run(self, stop: asyncio.Event) -> None:
        """Look every ``PERIOD_S`` seconds until ``stop`` is set."""
        while not stop.is_set():
            # When it fails, the check of the database itself fails and says why.
            with contextlib.suppress(sqlite3.OperationalError):
                self.summary = await self._database.run(outbox.summary)
            self._waiting.set(self.summary.waiting)
            self._dead.set(self.summary.dead)
            self._oldest.set(self._oldest_s())
            await pause(stop, PERIOD_S)

    def check(self) -> CheckResult:
        """Return whether texts get out."""
        age = self._oldest_s()
        if age > LATE_S:
            return CheckResult(False, f"an alarm waits to be sent for {age:.0f} s")
        return CheckResult(True, f"{self.summary.waiting} steps wait")

    def _oldest_s(self) -> float:
        oldest = self.summary.oldest_text_at
        return 0.0 if oldest is None else max(0.0, time.time() - oldest)

    def details(self) -> dict[str, Any]:
        """Return what the heartbeat says about the outbox."""
        return {
            "waiting": self.summary.waiting,
            "delivered": self.summary.delivered,
            "dead": self.summary.dead,
        }
