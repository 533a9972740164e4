"""Open incidents in Redis."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from hackai_inference.decision.incidents import OpenIncident
from hackai_inference.live.open_incidents import RESUME_WITHIN, OpenIncidents
from hackai_inference.live.outbox import Outbox
from hackai_shared.bus import Bus, names
from hackai_shared.messages import FrameRef
from hackai_shared.reserved import CANARY_CAMERA, DRILL_CAMERA

NOW = datetime(2026, 1, 1, tzinfo=timezone.utc)


def incident(camera: str, seen_at: datetime) -> OpenIncident:
    return OpenIncident(
        incident_id=f"of-{camera}",
        revision=3,
        camera_id=camera,
        camera_name=camera,
        label="fire",
        peak_score=0.9,
        opened_at=NOW,
        confirmed_at=NOW,
        opened_s=1.0,
        confirmed_s=2.0,
        frames_positive=1,
        frames_seen=1,
        frame=FrameRef(camera_id=camera, epoch="e", sequence=1, captured_at=NOW, stream_s=2.0),
        told_at=NOW,
        told_score=0.9,
        told_peak=0.9,
        seen_at=seen_at,
    )


async def test_fresh_incidents_go_on_and_old_ones_are_another_fire(bus: Bus) -> None:
    outbox = Outbox(bus)
    fresh, old = incident("front", NOW), incident("back", NOW - RESUME_WITHIN - timedelta(seconds=1))
    await outbox.remember("front", fresh)
    await outbox.remember("back", old)
    await bus.client.set(names.open_incident_key("garage"), b"{}")

    incidents = OpenIncidents(bus)

    assert await incidents.cameras() == ["back", "front", "garage"]
    assert await incidents.restore("front", NOW) == (fresh, None)
    assert await incidents.restore("back", NOW) == (None, old)
    assert await incidents.restore("garage", NOW) == (None, None)


@pytest.mark.parametrize("camera", [CANARY_CAMERA, DRILL_CAMERA])
async def test_a_known_fire_that_was_broken_off_is_over(bus: Bus, camera: str) -> None:
    shown = incident(camera, NOW)
    await Outbox(bus).remember(camera, shown)

    assert await OpenIncidents(bus).restore(camera, NOW) == (None, shown)


async def test_an_ended_incident_is_forgotten(bus: Bus) -> None:
    outbox = Outbox(bus)
    await outbox.remember("front", incident("front", NOW))
    await outbox.remember("front", None)

    assert await OpenIncidents(bus).cameras() == []
    assert await OpenIncidents(bus).restore("front", NOW) == (None, None)
