"""What cameras learned, in a real Redis: kept, taught by people, set aside when damaged, forgotten when moved."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Dict

import numpy as np
import pytest

from hackai_inference.decision.learned_quiet import LearnedQuiet, excess_of
from hackai_inference.decision.places import PLACES
from hackai_inference.live.camera_pipeline import CameraPipeline
from hackai_inference.live.quiet_keeper import QuietKeeper
from hackai_shared.bus import Bus, names
from hackai_shared.config.detection import InferenceConfig
from hackai_shared.messages import Actor, Command, FrameRef, IncidentEvent, utc_now

SOMEBODY = Actor(channel="telegram", id="7", name="Ada")
AT = datetime(2026, 11, 2, 12, tzinfo=timezone.utc)


def known(*incidents: str) -> LearnedQuiet:
    """What a camera knows that had these incidents."""
    quiet = LearnedQuiet()
    for incident in incidents:
        quiet.note_incident(incident, excess_of(np.full(PLACES, 0.9), 0.5))
    return quiet


def lane(camera: str, quiet: LearnedQuiet) -> CameraPipeline:
    return CameraPipeline(camera, camera, InferenceConfig(), new_id=lambda: "id", quiet=quiet)


def lessons(camera: CameraPipeline) -> int:
    taught = camera.learned(lambda quiet: len(quiet.lessons))
    assert taught is not None
    return taught


def false_alarm(incident: str, *, action: str = "false_alarm") -> Command:
    return Command.model_validate({"action": action, "actor": SOMEBODY, "incident_id": incident, "at": utc_now()})


def moved(incident: str) -> IncidentEvent:
    return IncidentEvent(
        incident_id=incident,
        revision=0,
        kind="camera_fault",
        change="opened",
        camera_id="front",
        camera_name="Front",
        label="moved",
        score=1.0,
        peak_score=1.0,
        opened_at=AT,
        confirmed_at=AT,
        opened_s=0.0,
        confirmed_s=0.0,
        frames_positive=0,
        frames_seen=0,
        frame=FrameRef(camera_id="front", epoch="e", sequence=1, captured_at=AT, stream_s=2.0),
    )


async def test_a_false_alarm_reaches_the_camera_whose_incident_it_was_and_outlives_a_restart(bus: Bus) -> None:
    lanes = {"front": lane("front", known("one")), "back": lane("back", known("two"))}
    keeper = QuietKeeper(bus, lambda: lanes)
    await bus.append(names.COMMANDS, false_alarm("two", action="acknowledge"))
    await bus.append(names.COMMANDS, false_alarm("one"))

    await keeper.look()
    await keeper.look()

    assert (lessons(lanes["front"]), lessons(lanes["back"])) == (1, 0)
    details = keeper.details()
    assert details["front"]["false_alarms"] == 1
    assert details["front"]["counts_from"] == pytest.approx(0.937, abs=0.01)
    assert details["back"]["share"] == 0.0
    assert len((await QuietKeeper(bus, dict).restore("front")).lessons) == 1


async def test_a_false_alarm_that_nobody_heard_is_learned_when_a_replica_takes_the_camera_up(bus: Bus) -> None:
    lanes = {"front": lane("front", known("one"))}
    await QuietKeeper(bus, lambda: lanes).keep()
    for _ in range(600):
        await bus.append(names.COMMANDS, false_alarm("of another camera"))
    await bus.append(names.COMMANDS, false_alarm("one"))

    quiet = await QuietKeeper(bus, dict).restore("front")

    assert [lesson.incident_id for lesson in quiet.lessons] == ["one"]


async def test_damaged_bytes_are_set_aside_and_the_camera_learns_anew(bus: Bus) -> None:
    await bus.client.set(names.learned_quiet_key("front"), b"half an archi")

    quiet = await QuietKeeper(bus, dict).restore("front")

    assert quiet.known_days == 0.0
    assert await bus.client.get(names.learned_quiet_key("front")) is None
    assert await bus.client.get(names.learned_quiet_aside_key("front")) == b"half an archi"


async def test_a_moved_camera_forgets_once_and_learns_on(bus: Bus) -> None:
    taught = known("one")
    assert taught.teach("one", utc_now())
    lanes: Dict[str, CameraPipeline] = {"front": lane("front", taught)}
    keeper = QuietKeeper(bus, lambda: lanes)
    await keeper.look()
    assert lessons(lanes["front"]) == 1

    await bus.client.set(names.camera_fault_key("front"), moved("fault").model_dump_json().encode())
    await keeper.look()
    assert lessons(lanes["front"]) == 0

    lanes["front"].learned(lambda quiet: quiet.note_incident("new", np.ones(PLACES)))
    lanes["front"].learned(lambda quiet: quiet.teach("new", utc_now() - timedelta(minutes=1)))
    await keeper.look()
    assert lessons(lanes["front"]) == 1, "the same fault is one movement"
    restored = await QuietKeeper(bus, dict).restore("front")
    assert restored.moved_by == "fault"


async def test_what_does_not_validate_on_the_stream_stops_nobody(bus: Bus) -> None:
    lanes = {"front": lane("front", known("one"))}
    keeper = QuietKeeper(bus, lambda: lanes)
    await bus.client.xadd(names.COMMANDS, {b"message": b"{}"})
    await bus.append(names.COMMANDS, false_alarm("one"))

    await keeper.look()

    assert lessons(lanes["front"]) == 1
