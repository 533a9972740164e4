"""A camera that is not judged is told within seconds, whatever the cause, and its end too; over a restart as well."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from hackai_notifier.incident import incidents
from hackai_notifier.selftest.judgement_watch import JudgementWatch
from hackai_notifier.selftest.judgements import Judgements
from hackai_notifier.storage.database import Database
from hackai_notifier.storage.schema import MIGRATIONS
from hackai_shared.bus import Bus, names
from hackai_shared.config.cameras import CameraConfig
from hackai_shared.messages import (
    CameraStatus,
    FrameDetections,
    FrameRef,
    IncidentEvent,
    ModelRef,
    ServiceStatus,
    StageTimings,
    utc_now,
)

CAMERAS = {"front": CameraConfig.model_validate({"name": "Front door", "source": {"type": "pattern"}})}
# A heartbeat that is a little old is allowed for: less than this could be the camera's own pause.
LIMIT_S = 3.5


def judged() -> FrameDetections:
    frame = FrameRef(camera_id="front", epoch="e", sequence=1, captured_at=utc_now(), stream_s=1.0)
    timings = StageTimings(decode_ms=1, infer_ms=2, total_ms=3, age_ms=4)
    model = ModelRef(name="m", version=1, variant="int8")
    return FrameDetections(
        frame=frame, model=model, label="no_fire", probabilities={"no_fire": 1.0}, state="clear", evidence=0.0,
        dropped=0, timings=timings,
    )  # fmt: skip


async def beat(bus: Bus, *services: str) -> None:
    camera = CameraStatus(
        camera_id="front", name="Front door", state="running", source="x", epoch="e", frames=9, dropped=0,
        reconnects=0, fps=10.0, last_frame_age_s=0.0,
    )  # fmt: skip
    for service in services:
        cameras = [camera] if service == "camera" else []
        # Of the future, so that one heartbeat stays fresh for the whole test.
        at = utc_now() + timedelta(seconds=60)
        status = ServiceStatus(service=service, instance="1", ready=True, cameras=cameras, at=at)
        await bus.heartbeat(status, expires_s=30)


@dataclass
class Told:
    events: list[IncidentEvent] = field(default_factory=list)
    came: asyncio.Event = field(default_factory=asyncio.Event)

    async def take_in(self, event: IncidentEvent) -> None:
        self.events.append(event)
        self.came.set()

    async def next(self, change: str) -> IncidentEvent:
        async with asyncio.timeout(30):
            while not self.events or self.events[-1].change != change:
                self.came.clear()
                await self.came.wait()
        return self.events[-1]


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    it = Database(tmp_path / "notifier.sqlite3", MIGRATIONS)
    await it.open()
    yield it
    await it.close()


@asynccontextmanager
async def watching(bus: Bus, database: Database, told: Told, grace_s: float = LIMIT_S) -> AsyncIterator[JudgementWatch]:
    began = asyncio.get_running_loop().time()
    judgements = Judgements(frozenset(CAMERAS), began, limit_s=LIMIT_S, grace_s=grace_s)
    # The loop's clock is the monotonic one.
    watch = JudgementWatch(
        bus, database, CAMERAS, told.take_in, judgements=judgements, clock=asyncio.get_running_loop().time
    )
    stop = asyncio.Event()
    task = asyncio.ensure_future(watch.run(stop))
    yield watch
    stop.set()
    await task


async def keep_judging(bus: Bus) -> None:
    while True:
        await bus.publish(names.detections("front"), judged())
        await asyncio.sleep(0.1)


async def test_it_is_told_by_its_cause_and_ends_when_the_camera_is_judged_again(bus: Bus, database: Database) -> None:
    told = Told()
    await beat(bus, "camera")  # the inference service does not even beat
    async with watching(bus, database, told) as watch:
        opened = await told.next("opened")
        assert (opened.kind, opened.label, opened.camera_name) == ("not_judged", "inference", "Front door")
        assert not watch.check().ok
        assert "front" in watch.check().detail

        await beat(bus, "camera", "inference")  # it beats again, and judges nothing
        assert (await told.next("updated")).label == "unjudged"

        judging = asyncio.ensure_future(keep_judging(bus))
        cleared = await told.next("cleared")
        assert cleared.incident_id == opened.incident_id
        assert watch.check().ok
        judging.cancel()
    assert [event.change for event in told.events] == ["opened", "updated", "cleared"]


async def test_it_goes_on_after_a_restart_and_is_told_once(bus: Bus, database: Database) -> None:
    await beat(bus, "camera")
    told = Told()
    async with watching(bus, database, told):
        opened = await told.next("opened")
    known = incidents.merge(None, opened)
    await database.run(lambda connection: incidents.save(connection, known))

    again = Told()
    async with watching(bus, database, again):
        judging = asyncio.ensure_future(keep_judging(bus))
        assert (await again.next("cleared")).incident_id == opened.incident_id
        judging.cancel()
    assert [event.change for event in again.events] == ["cleared"]


async def test_redis_that_is_away_is_a_cause_like_any_other(database: Database) -> None:
    told = Told()
    async with Bus("redis://127.0.0.1:9/0") as nowhere, watching(nowhere, database, told):
        assert (await told.next("opened")).label == "redis"
