"""Delivers the outbox: three lanes per recipient, each sending one step after the other.

A result is committed at once after the channel accepted a step: only a crash between the two can make a repeat.
"""

from __future__ import annotations

import asyncio
import random
import sqlite3
import time
from collections.abc import Callable, Coroutine, Mapping

import structlog

from hackai_notifier import outbox
from hackai_notifier.channels.base import (
    Channel,
    CredentialsRefused,
    PermanentFailure,
    RateLimited,
    Receipt,
    SendFailure,
)
from hackai_notifier.content import Content, Editor
from hackai_notifier.database import Database, Work
from hackai_notifier.incidents import Incident
from hackai_notifier.outbox import LANES, Lane, Step
from hackai_notifier.queueing import STUBBORN, Queued, choose
from hackai_notifier.recipients import Recipient
from hackai_notifier.results import Recorder
from hackai_notifier.retry import GiveUp, Redirect, RetryLater, outcome_of
from hackai_shared.health import CheckResult

log = structlog.get_logger(__name__)

# What is being sent when the service stops may finish for so long; then it is cut off and repeated after the restart.
FINISH_S = 1.5
DISK_RETRY_S = 1.0
LAST_RESORT_S = 20.0


class Mailroom:
    """What the lanes share: channels, pauses, the wall between them and the database."""

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
        for recipient, new_address in await self.database.run(outbox.moves):
            self.moved(recipient, new_address)
        for recipient, until in await self.database.run(outbox.pauses):
            # Bounded: a wall clock that jumped must not silence a chat for days.
            left = min(until - time.time(), 3600.0)
            if left > 0:
                self.paused_until[recipient] = self.clock() + left

    async def commit(self, work: Work[None], stop: asyncio.Event) -> None:
        """Write a result; a full disk is waited out, because what was sent must not be sent again."""
        while True:
            try:
                await self.database.run(work)
            except sqlite3.OperationalError as error:
                log.error("cannot note a result, trying again", error=str(error))
                if stop.is_set():
                    raise
                await _pause(stop, DISK_RETRY_S)
            else:
                return


class Courier:
    """Starts the lanes of everybody for whom something waits."""

    def __init__(self, room: Mailroom) -> None:
        self._room = room
        self._lanes: set[Recipient] = set()

    async def run(self, stop: asyncio.Event) -> None:
        """Deliver until ``stop`` is set."""
        wake = self._room.waker()
        async with asyncio.TaskGroup() as group:
            while not stop.is_set():
                wake.clear()
                try:
                    recipients = await self._room.database.run(outbox.recipients_waiting)
                except sqlite3.OperationalError as error:
                    log.error("outbox cannot be read", error=str(error))
                    await _pause(stop, DISK_RETRY_S)
                    continue
                for recipient in recipients:
                    self._ensure(recipient, group, stop)
                await _either(stop, wake, None)

    def _ensure(self, recipient: Recipient, group: asyncio.TaskGroup, stop: asyncio.Event) -> None:
        if recipient in self._lanes:
            return
        self._lanes.add(recipient)
        channel = self._room.channels.get(recipient.channel)
        if channel is None:
            # It stays in the outbox: the channel may be configured again at the next start.
            log.warning("no such channel, its steps wait", channel=recipient.channel, recipient=recipient.address)
            return
        for lane in LANES:
            worker = LaneWorker(self._room, recipient, lane, channel)
            group.create_task(worker.run(stop), name=f"{recipient.channel}:{recipient.address}:{lane.name}")

    async def tell_at_once(self, incident: Incident, recipients: list[Recipient]) -> dict[Recipient, str | None]:
        """Send the text of an incident that cannot be stored; return whom it reached, with message ids."""

        async def tell(recipient: Recipient) -> Receipt | None:
            channel = self._room.channels.get(recipient.channel)
            if channel is None:
                return None
            try:
                async with asyncio.timeout(LAST_RESORT_S):
                    return await channel.send(self._room.editor.emergency(incident, recipient.address))
            except (SendFailure, TimeoutError) as error:
                log.error("last resort failed", recipient=recipient.address, error=str(error))
                return None

        receipts = await asyncio.gather(*(tell(recipient) for recipient in recipients))
        return {to: receipt.message_id for to, receipt in zip(recipients, receipts, strict=True) if receipt is not None}


class LaneWorker:
    """Sends the steps of one lane of one recipient."""

    def __init__(self, room: Mailroom, recipient: Recipient, lane: Lane, channel: Channel) -> None:
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
                await _pause(stop, DISK_RETRY_S)
                continue
            if wait_s != 0.0:
                await _either(stop, self._wake, wait_s)

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
        await _let_finish(self._attempt(step, stop, is_head=step.id == steps[0].id), stop)
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
            log.warning("chat moved, change the configuration", old=step.recipient.address, new=outcome.new_address)
            await room.commit(lambda connection: outbox.move(connection, step.recipient, outcome.new_address), stop)
            room.moved(step.recipient, outcome.new_address)
            room.wake()
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
            if isinstance(failure, RateLimited):
                outbox.pause(connection, self._recipient, time.time() + outcome.delay_s)

        await room.commit(note, stop)


async def _let_finish(attempt: Coroutine[None, None, None], stop: asyncio.Event) -> None:
    """Run an attempt; when the service stops meanwhile, cut it off after ``FINISH_S``."""
    task = asyncio.ensure_future(attempt)
    stopping = asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({task, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            await asyncio.wait({task}, timeout=FINISH_S)
        if not task.done():
            log.warning("cut off while sending; it is sent again after the restart", task=task.get_name())
            task.cancel()
            await asyncio.wait({task})
            return
        task.result()
    finally:
        stopping.cancel()
        task.cancel()


async def _either(stop: asyncio.Event, wake: asyncio.Event, timeout_s: float | None) -> None:
    """Wait until one of two events is set or the time is over."""
    waiters = {asyncio.ensure_future(stop.wait()), asyncio.ensure_future(wake.wait())}
    try:
        await asyncio.wait(waiters, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for waiter in waiters:
            waiter.cancel()


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return
