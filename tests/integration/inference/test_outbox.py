"""Incident events and an outage, on a real server that stops and starts."""

from __future__ import annotations

import asyncio
from datetime import datetime, timezone
from typing import Any

from hackai_inference.live.outbox import Outbox, OutboxEntry
from hackai_shared.bus import Bus, names
from hackai_shared.messages import FrameRef, IncidentEvent

NOW = datetime(2026, 1, 1, tzinfo=timezone.utc)


def entry(number: int) -> OutboxEntry:
    event = IncidentEvent(
        incident_id=f"i{number}",
        revision=0,
        kind="fire",
        change="opened",
        camera_id="front",
        camera_name="Front",
        label="fire",
        score=1.0,
        peak_score=1.0,
        opened_at=NOW,
        confirmed_at=NOW,
        opened_s=0.0,
        confirmed_s=1.0,
        frames_positive=1,
        frames_seen=1,
        frame=FrameRef(camera_id="front", epoch="e", sequence=1, captured_at=NOW, stream_s=1.0),
    )
    return OutboxEntry(event, None, {"frame": bytes([number])})


async def stored(bus: Bus) -> list[str]:
    entries = await bus.client.xrange(names.INCIDENTS)
    return [IncidentEvent.model_validate_json(fields[b"message"]).incident_id for _, fields in entries]


async def test_events_wait_for_redis_and_arrive_in_order(mortal_server: Any) -> None:
    server = mortal_server
    async with Bus(server.connection_url + "/0", timeout_s=0.5) as bus:
        outbox = Outbox(bus)
        stop = asyncio.Event()
        sent: list[str] = []
        outbox.on_sent = lambda event: sent.append(event.incident_id)
        task = asyncio.ensure_future(outbox.run(stop))
        outbox.put(entry(0))
        while not sent:
            await asyncio.sleep(0.01)

        server.stop()
        for number in range(1, 6):
            outbox.put(entry(number))
        await asyncio.sleep(0.3)
        assert sent == ["i0"]
        assert len(outbox) == 5

        server.start()
        while len(outbox):
            await asyncio.sleep(0.01)
        assert await stored(bus) == [f"i{number}" for number in range(6)]
        assert sent == await stored(bus)
        stop.set()
        await task


async def test_what_is_left_at_the_stop_is_flushed(bus: Bus) -> None:
    outbox = Outbox(bus)
    outbox.put(entry(1))
    outbox.put(entry(2))

    await outbox.flush(timeout_s=5.0)

    assert await stored(bus) == ["i1", "i2"]
    assert len(outbox) == 0
