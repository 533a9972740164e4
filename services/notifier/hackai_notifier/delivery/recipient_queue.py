"""One lane of one recipient: sends one step after the other.

A result is committed at once after the channel accepted a step: only a crash between the two can make a repeat.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time

import structlog

from hackai_notifier.channels.base import (
    Channel,
    CredentialsRefused,
    PermanentFailure,
    RateLimited,
    Receipt,
    SendFailure,
)
from hackai_notifier.delivery import addresses, outbox
from hackai_notifier.delivery.content import Content
from hackai_notifier.delivery.delivery_context import DISK_RETRY_S, DeliveryContext
from hackai_notifier.delivery.outbox import RecipientQueue, Step
from hackai_notifier.delivery.queueing import STUBBORN, Queued, choose
from hackai_notifier.delivery.retry import EARLY_NOTICE, GiveUp, Redirect, RetryLater, outcome_of
from hackai_notifier.people.recipients import Recipient
from hackai_notifier.stopping import either, pause, unless

log = structlog.get_logger(__name__)

# What is being sent when the service stops may finish for so long; then it is cut off and sent again after the restart.
FINISH_S = 1.5


class QueueWorker:
    """Sends the steps of one lane of one recipient."""

    def __init__(self, room: DeliveryContext, recipient: Recipient, lane: RecipientQueue, channel: Channel) -> None:
        self._room = room
        self._recipient = recipient
        self._lane = lane
        self._channel = channel
        self._wake = room.waker()
        self._due: dict[int, float] = {}
        self._overtake = False

    async def run(self, stop: asyncio.Event) -> None:
        """Send until ``stop`` is set; what is being sent then may finish for a moment."""
        while not stop.is_set():
            self._wake.clear()
            try:
                wait_s = await self._turn(stop)
            except sqlite3.OperationalError as error:
                log.error("outbox unusable, trying again", recipient=self._recipient.address, error=str(error))
                await pause(stop, DISK_RETRY_S)
                continue
            if wait_s != 0.0:
                await either(stop, self._wake, wait_s)

    async def _turn(self, stop: asyncio.Event) -> float | None:
        """Try one step; return the seconds to wait before the next turn (None: until something changes)."""
        room = self._room
        paused = room.paused_until.get(self._recipient, 0.0) - room.clock()
        if paused > 0:
            return paused
        steps = await room.database.run(lambda connection: outbox.waiting(connection, self._recipient, self._lane))
        self._due = {step.id: self._due.get(step.id, 0.0) for step in steps}
        queue = [Queued(step.id, self._due[step.id], step.attempts) for step in steps]
        choice = choose(queue, room.clock(), in_order=self._lane.in_order, overtake=self._overtake)
        if choice.step_id is None:
            return choice.wait_s
        step = next(step for step in steps if step.id == choice.step_id)
        attempt = self._attempt(step, stop, is_head=step.id == steps[0].id)
        await unless(stop, attempt, finish_s=FINISH_S)
        return 0.0

    async def _attempt(self, step: Step, stop: asyncio.Event, *, is_head: bool) -> None:
        room = self._room
        try:
            content = await room.editor.prepare(step)
            if content is None:
                await room.commit(lambda connection: outbox.mark_superseded(connection, step), stop)
                return
            receipt = await self._channel.send(content.delivery)
        except SendFailure as failure:
            await self._failed(step, failure, stop, is_head=is_head)
        except sqlite3.Error:
            raise
        except Exception as error:  # a step that makes our own code fail is poison like any other
            log.exception("step failed unexpectedly", incident=step.incident_id, step=step.step)
            reason = f"{type(error).__name__}: {error}"
            await self._failed(step, PermanentFailure(reason), stop, is_head=is_head)
        else:
            await self._delivered(step, content, receipt, stop)

    async def _delivered(self, step: Step, content: Content, receipt: Receipt, stop: asyncio.Event) -> None:
        room = self._room
        await room.commit(lambda connection: room.recorder.delivered(connection, step, content, receipt), stop)
        room.refused.pop(step.recipient.channel, None)
        room.recorder.count(step, "delivered", content.delivery.incident)
        if step.step == "text":
            room.wake()  # the pictures waited for it

    async def _failed(self, step: Step, failure: SendFailure, stop: asyncio.Event, *, is_head: bool) -> None:
        room = self._room
        attempts = step.attempts + 1
        outcome = outcome_of(failure, attempts, room.jitter())
        if isinstance(outcome, GiveUp):
            await room.commit(lambda connection: room.recorder.given_up(connection, step, outcome.reason), stop)
            room.recorder.count(step, "dead_letter", None)
            room.wake()  # notices to administrators, pictures that waited for this text
        elif isinstance(outcome, Redirect):
            await room.chat_moved(step.recipient, outcome.new_address, stop)
        else:
            await self._postpone(step, failure, outcome, stop)
            self._overtake = is_head and attempts >= STUBBORN

    async def _postpone(self, step: Step, failure: SendFailure, outcome: RetryLater, stop: asyncio.Event) -> None:
        room = self._room
        until = room.clock() + outcome.delay_s
        self._due[step.id] = until
        if outcome.pause:
            room.paused_until[self._recipient] = until
        if isinstance(failure, CredentialsRefused):
            log.error("credentials refused: the channel is paused", channel=step.recipient.channel, error=str(failure))
            room.refused[step.recipient.channel] = str(failure)
        if not outcome.counts:
            return
        log.warning(
            "not delivered yet",
            incident=step.incident_id,
            step=step.step,
            channel=step.recipient.channel,
            recipient=step.recipient.address,
            attempts=step.attempts + 1,
            again_in_s=round(outcome.delay_s, 1),
            reason=str(failure),
        )

        def note(connection: sqlite3.Connection) -> None:
            outbox.mark_failed(connection, step, str(failure))
            if step.attempts + 1 == EARLY_NOTICE:
                room.recorder.late(connection, step, str(failure))
            if isinstance(failure, RateLimited):
                addresses.pause(connection, self._recipient, time.time() + outcome.delay_s)

        await room.commit(note, stop)
        if step.attempts + 1 == EARLY_NOTICE:
            room.wake()
