"""The bus on a real server: what a stream promises, and what pub/sub does not."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from hackai_shared.bus import Bus, StreamEntry, names
from hackai_shared.envelope import unpack_frame
from hackai_shared.messages import Actor, AuditRecord, FrameHeader, ServiceStatus, utc_now


def record(action: str) -> AuditRecord:
    return AuditRecord(actor=Actor(channel="cli", id="test"), action=action, outcome="allowed")


async def consume(
    bus: Bus, handler: Callable[[StreamEntry[AuditRecord]], Any], until: Callable[[], bool], **options: Any
) -> Any:
    """Run a consumer of ``audit`` until a condition holds."""
    consumer = bus.consumer(names.AUDIT, AuditRecord, group="g", consumer="c", **{"block_s": 0.05, **options})
    stop = asyncio.Event()

    async def watched(entry: StreamEntry[AuditRecord]) -> None:
        await handler(entry)

    task = asyncio.ensure_future(consumer.run(watched, stop))
    async with asyncio.timeout(20):
        while not until():
            await asyncio.sleep(0.01)
    stop.set()
    await task
    return consumer


async def test_entries_arrive_in_order_with_their_attachments(bus: Bus) -> None:
    for number in range(5):
        await bus.append(names.AUDIT, record(f"a{number}"), {"photo": bytes([number])})
    seen: list[StreamEntry[AuditRecord]] = []

    async def handler(entry: StreamEntry[AuditRecord]) -> None:
        seen.append(entry)

    await consume(bus, handler, lambda: len(seen) == 5)

    assert [entry.message.action for entry in seen] == ["a0", "a1", "a2", "a3", "a4"]
    assert [entry.attachments["photo"] for entry in seen] == [bytes([n]) for n in range(5)]
    assert (await bus.client.xpending(names.AUDIT, "g"))["pending"] == 0


async def test_a_handler_that_raises_gets_its_entry_again(bus: Bus) -> None:
    await bus.append(names.AUDIT, record("flaky"))
    attempts: list[int] = []

    async def handler(entry: StreamEntry[AuditRecord]) -> None:
        attempts.append(entry.deliveries)
        if len(attempts) < 3:
            raise RuntimeError("not yet")

    consumer = await consume(bus, handler, lambda: len(attempts) == 3, retry_after_s=0.05)

    assert attempts == [1, 2, 3]
    assert consumer.dead == 0


async def test_poison_goes_to_the_dead_letters_and_does_not_block_what_follows(bus: Bus) -> None:
    await bus.client.xadd(names.AUDIT, {"message": b"not json"})
    await bus.append(names.AUDIT, record("poison"))
    await bus.append(names.AUDIT, record("good"))
    seen: list[str] = []

    async def handler(entry: StreamEntry[AuditRecord]) -> None:
        if entry.message.action == "poison":
            raise RuntimeError("always")
        seen.append(entry.message.action)

    dead = names.dead_letters(names.AUDIT, "g")
    consumer = bus.consumer(
        names.AUDIT, AuditRecord, group="g", consumer="c", block_s=0.05, retry_after_s=0.05, max_deliveries=2
    )
    stop = asyncio.Event()
    task = asyncio.ensure_future(consumer.run(handler, stop))
    async with asyncio.timeout(20):
        while consumer.dead < 2:
            await asyncio.sleep(0.01)
    stop.set()
    await task

    assert seen == ["good"]
    reasons = [fields[b"reason"].decode() for _, fields in await bus.client.xrange(dead)]
    assert reasons[0].startswith("does not validate")
    assert reasons[1] == "failed 2 times"


async def test_what_a_dead_member_left_pending_is_taken_over(bus: Bus) -> None:
    await bus.append(names.AUDIT, record("orphan"))
    await bus.client.xgroup_create(names.AUDIT, "g", id="0")
    await bus.client.xreadgroup("g", "died", {names.AUDIT: ">"})
    seen: list[str] = []

    async def handler(entry: StreamEntry[AuditRecord]) -> None:
        seen.append(entry.message.action)

    await consume(bus, handler, lambda: bool(seen), retry_after_s=0.05)

    assert seen == ["orphan"]


async def test_a_restarted_member_begins_with_its_own_unfinished_entries(bus: Bus) -> None:
    for action in ("first", "second"):
        await bus.append(names.AUDIT, record(action))
    await bus.client.xgroup_create(names.AUDIT, "g", id="0")
    await bus.client.xreadgroup("g", "c", {names.AUDIT: ">"}, count=1)
    seen: list[str] = []

    async def handler(entry: StreamEntry[AuditRecord]) -> None:
        seen.append(entry.message.action)

    await consume(bus, handler, lambda: len(seen) == 2, retry_after_s=3600)

    assert seen == ["first", "second"]


async def test_a_vanished_group_is_made_again_without_losing_entries(bus: Bus) -> None:
    seen: list[str] = []

    async def handler(entry: StreamEntry[AuditRecord]) -> None:
        seen.append(entry.message.action)
        if entry.message.action == "before":
            await bus.client.flushall()
            await bus.append(names.AUDIT, record("after"))

    await bus.append(names.AUDIT, record("before"))
    await consume(bus, handler, lambda: "after" in seen)

    assert seen == ["before", "after"]


async def test_a_blocking_read_on_an_idle_connection_waits(bus: Bus) -> None:
    patient = Bus(bus.url, timeout_s=0.2)
    consumer = patient.consumer(names.AUDIT, AuditRecord, group="g", consumer="c", block_s=1.0)
    stop = asyncio.Event()
    arrived = asyncio.Event()

    async def handler(_: StreamEntry[AuditRecord]) -> None:
        arrived.set()

    task = asyncio.ensure_future(consumer.run(handler, stop))
    await asyncio.sleep(0.6)  # longer than the timeout of ordinary commands: the read must survive it
    await bus.append(names.AUDIT, record("late"))
    await asyncio.wait_for(arrived.wait(), 5)
    stop.set()
    await task
    await patient.close()


@pytest.fixture
def header() -> FrameHeader:
    return FrameHeader(
        camera_id="front",
        epoch="e1",
        sequence=7,
        captured_at=utc_now(),
        stream_s=1.5,
        monotonic_s=10.0,
        boot_id="b",
        width=640,
        height=360,
    )


async def test_frames_travel_unchanged(bus: Bus, header: FrameHeader) -> None:
    frames = bus.subscribe(names.ALL_FRAMES)
    first = asyncio.ensure_future(frames.__anext__())
    async with asyncio.timeout(10):
        while not await bus.publish_frame(header, b"\xff\xd8jpeg\xff\xd9"):
            await asyncio.sleep(0.01)
    channel, payload = await first
    await frames.aclose()  # type: ignore[attr-defined]

    assert channel == "frames.front"
    assert unpack_frame(payload) == (header, b"\xff\xd8jpeg\xff\xd9")


async def test_a_heartbeat_can_be_read_until_it_expires(bus: Bus) -> None:
    status = ServiceStatus(service="camera", instance="i", ready=True)

    await bus.heartbeat(status, expires_s=0.2)

    assert await bus.statuses() == [status]
    async with asyncio.timeout(5):
        while await bus.statuses():
            await asyncio.sleep(0.02)
