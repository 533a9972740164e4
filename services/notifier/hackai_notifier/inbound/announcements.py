"""What everybody is told about orders: every disarm, its end by somebody, and orders that nobody proved."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence
from datetime import timedelta

from hackai_notifier.delivery.outbox import DISARMED
from hackai_notifier.escalation.disarm import ALL_CAMERAS
from hackai_notifier.escalation.snooze import Window
from hackai_notifier.people.recipients import Directory, Recipient
from hackai_notifier.selftest import maintenance_notices
from hackai_notifier.texts import arming
from hackai_notifier.texts.render import Writer
from hackai_shared.messages import Command

# Whoever floods the bus with invented orders must not flood the administrators.
ONE_PER_S = 600


class Announcements:
    """Puts the messages into the outbox, in the transaction of the order: it takes effect with them or not at all."""

    def __init__(self, directory: Directory, writer: Writer, further: Sequence[int] = ()) -> None:
        self._directory = directory
        self._writer = writer
        self._further = further

    def disarmed(self, connection: sqlite3.Connection, command: Command, entry: Window) -> None:
        """Tell everybody who, how long, and how to end it."""
        until = self._writer.clock(entry.started_at + timedelta(seconds=entry.duration_s))
        minutes = max(1, round(entry.duration_s / 60))
        body = arming.disarmed(entry.by, command.actor.proof, _what(entry.key), until, minutes)
        self._put(connection, f"{DISARMED}{command.command_id}", body)

    def armed(self, connection: sqlite3.Connection, command: Command) -> None:
        """Tell everybody that alarms are sent again."""
        body = arming.armed(command.actor.name or command.actor.id, _what(command.camera_id or ALL_CAMERAS))
        self._put(connection, f"armed {command.command_id}", body)

    def refused(self, connection: sqlite3.Connection, command: Command, reason: str) -> None:
        """Tell those who look after the installation."""
        claimed = command.actor.name or command.actor.id
        subject = f"order refused {int(time.time()) // ONE_PER_S}"
        body = arming.refused(command.action, claimed, reason)
        maintenance_notices.put(connection, self._directory.caretakers(), subject, body)

    def _put(self, connection: sqlite3.Connection, subject: str, body: str) -> None:
        audiences = [*self._directory.audiences(), *self._directory.addressed(self._further, ())]
        everybody: list[Recipient] = [audience.recipient for audience in audiences]
        everybody += self._directory.administrators()
        maintenance_notices.put(connection, list(dict.fromkeys(everybody)), subject, body)


def _what(camera_id: str) -> str:
    return "all cameras" if camera_id == ALL_CAMERAS else f"camera {camera_id}"
