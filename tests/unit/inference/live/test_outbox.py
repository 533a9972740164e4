"""What goes first when an outage lasts longer than the memory."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from hackai_inference.live.outbox import Outbox, OutboxEntry
from hackai_shared.bus import Bus
from hackai_shared.messages import FrameRef, IncidentEvent

NOW = datetime(2026, 1, 1, tzinfo=timezone.utc)


def entry(incident: str, change: str, picture: bytes = b"") -> OutboxEntry:
    event = IncidentEvent.model_validate(
        {
            "incident_id": incident,
            "revision": 0,
            "kind": "fire",
            "change": change,
            "camera_id": "front",
            "camera_name": "Front",
            "label": "fire",
            "score": 1.0,
            "peak_score": 1.0,
            "opened_at": NOW,
            "confirmed_at": NOW,
            "opened_s": 0.0,
            "confirmed_s": 1.0,
            "frames_positive": 1,
            "frames_seen": 1,
            "frame": FrameRef(camera_id="front", epoch="e", sequence=1, captured_at=NOW, stream_s=1.0),
        }
    )
    return OutboxEntry(event, None, {"frame": picture, "annotated": picture} if picture else {})


def held(outbox: Outbox) -> list[str]:
    return [f"{item.event.incident_id} {item.event.change}" for item in outbox.entries()]


@pytest.fixture
async def nobody_home() -> Bus:
    return Bus("redis://127.0.0.1:1/0")


async def test_an_update_replaces_one_that_still_waits(nobody_home: Bus) -> None:
    outbox = Outbox(nobody_home)
    for change in ("opened", "updated", "updated", "cleared"):
        outbox.put(entry("a", change))
    outbox.put(entry("b", "updated"))

    assert held(outbox) == ["a opened", "a updated", "a cleared", "b updated"]


async def test_updates_go_first_then_endings_and_alarms_last_of_all(nobody_home: Bus) -> None:
    outbox = Outbox(nobody_home, max_entries=3)
    for incident, change in (("a", "opened"), ("a", "updated"), ("a", "cleared"), ("b", "opened"), ("b", "worsened")):
        outbox.put(entry(incident, change))

    assert held(outbox) == ["a opened", "b opened", "b worsened"]
    assert outbox.lost == 0
    outbox.put(entry("c", "opened"))
    assert held(outbox) == ["b opened", "b worsened", "c opened"]
    assert outbox.lost == 1


async def test_pictures_of_old_events_go_before_any_event(nobody_home: Bus) -> None:
    outbox = Outbox(nobody_home, max_attachment_bytes=350)
    for incident in "abc":
        outbox.put(entry(incident, "opened", bytes(100)))

    assert held(outbox) == ["a opened", "b opened", "c opened"]
    assert [sorted(item.attachments) for item in outbox.entries()] == [["frame"], ["frame"], ["frame"]]


async def test_what_cannot_be_sent_stays(nobody_home: Bus) -> None:
    outbox = Outbox(nobody_home)
    outbox.put(entry("a", "opened"))

    await outbox.flush(timeout_s=0.2)

    assert held(outbox) == ["a opened"]
    await nobody_home.close()
