"""Sends the summary once a day, at the configured time, also over restarts."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo

import structlog

from hackai_notifier.delivery import outbox
from hackai_notifier.incident import drills, incidents
from hackai_notifier.people.recipients import Directory
from hackai_notifier.selftest import canaries, maintenance_notices
from hackai_notifier.selftest.summary import Day, due, first_mark, summary_text
from hackai_notifier.stopping import pause
from hackai_notifier.storage.database import Database
from hackai_shared.config.canary import CanaryConfig
from hackai_shared.config.time_of_day import TimeOfDay

log = structlog.get_logger(__name__)

LOOK_EVERY_S = 20.0
DAY = timedelta(days=1)
# More incidents than these in one day are told as these.
MOST = 500
MARK = "summary"


class DailySummary:
    """Looks at the clock every 20 seconds."""

    def __init__(
        self,
        database: Database,
        directory: Directory,
        canary: CanaryConfig,
        *,
        at: TimeOfDay,
        zone: tzinfo | None,
        changed: Callable[[], None],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._database = database
        self._directory = directory
        self._canary = canary
        self._at = at
        self._zone = zone
        self._changed = changed
        self._now = now

    async def run(self, stop: asyncio.Event) -> None:
        """Watch the clock until ``stop`` is set."""
        while not stop.is_set():
            try:
                if await self._database.run(self._send_when_due):
                    self._changed()
            except sqlite3.Error as error:
                log.error("no summary, trying again", error=str(error))
            await pause(stop, LOOK_EVERY_S)

    def _send_when_due(self, connection: sqlite3.Connection) -> bool:
        now = self._now().astimezone(self._zone)
        row = connection.execute("SELECT value FROM marks WHERE key = ?", (MARK,)).fetchone()
        last = None if row is None else str(row["value"])
        send = due(now, self._at, last)
        if last is None or send:
            mark = now.date().isoformat() if send else first_mark(now, self._at)
            connection.execute("INSERT OR REPLACE INTO marks VALUES (?, ?)", (MARK, mark))
        if send:
            body = summary_text(self._day(connection, now), now)
            maintenance_notices.put(connection, self._directory.caretakers(), f"summary {now.date().isoformat()}", body)
        return send

    def _day(self, connection: sqlite3.Connection, now: datetime) -> Day:
        since = now - DAY
        state = outbox.summary(connection)
        expected = round(DAY.total_seconds() / self._canary.every_s) if self._canary.enabled else 0
        return Day(
            incidents=[one for one in incidents.newest(connection, limit=MOST) if one.received_at >= since],
            canaries=canaries.since(connection, since.timestamp()),
            canaries_expected=expected,
            drills=[one for one in drills.newest(connection, 20) if one.ordered_at >= since],
            delivered=outbox.finished_since(connection, "delivered", since.timestamp()),
            dead=outbox.finished_since(connection, "dead", since.timestamp()),
            waiting=state.waiting,
        )
