"""Which cameras are not judged, and why."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from hackai_notifier.selftest.judgements import Cause, Judgements, cause_of, left_to_faults
from hackai_shared.config.cameras import CameraConfig
from hackai_shared.messages import CameraStatus, ServiceStatus

AT = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def watched(**changes: Any) -> Judgements:
    return Judgements(frozenset({"front", "hall"}), began=0.0, **changes)


def looks(judgements: Judgements, start: int, end: int, *, judged: tuple[str, ...] = ()) -> None:
    """Look once a second, while some cameras are judged."""
    for second in range(start, end):
        for camera_id in judged:
            judgements.judged(camera_id, float(second))
        judgements.look(float(second))


def test_a_camera_that_is_no_longer_judged_is_overdue_after_ten_seconds() -> None:
    judgements = watched()
    looks(judgements, 0, 21, judged=("front", "hall"))
    looks(judgements, 21, 32, judged=("hall",))

    assert judgements.overdue(30.0) == {}
    assert judgements.overdue(31.0) == {"front": 11.0}
    assert judgements.age_s("front", 31.0) == 11.0


def test_after_a_start_there_is_time_to_load_the_models() -> None:
    judgements = watched()
    looks(judgements, 0, 62)

    assert judgements.overdue(59.0) == {}
    assert set(judgements.overdue(61.0)) == {"front", "hall"}


def test_a_process_that_was_stopped_itself_blames_nobody() -> None:
    judgements = watched()
    looks(judgements, 0, 21, judged=("front", "hall"))
    judgements.look(80.0)

    assert judgements.overdue(80.0) == {}
    looks(judgements, 81, 92, judged=("hall",))
    assert set(judgements.overdue(91.0)) == {"front"}


def test_one_frame_does_not_end_it() -> None:
    judgements = watched()
    judgements.judged("front", 50.0)
    assert not judgements.steady("front", 50.5)
    for moment in (50.5, 51.0, 51.5, 52.0):
        judgements.judged("front", moment)
    assert judgements.steady("front", 52.1)
    assert not judgements.steady("front", 58.0)


def test_a_camera_that_is_not_configured_is_nobodys_trouble() -> None:
    judgements = watched()
    judgements.judged("hackai-canary", 1.0)
    assert judgements.age_s("hackai-canary", 2.0) is None


def statuses(*services: str, **camera: Any) -> list[ServiceStatus]:
    facts = {"state": "running", "last_frame_age_s": 0.1, **camera}
    front = CameraStatus(
        camera_id="front", name="Front", source="x", epoch="e", frames=9, dropped=0, reconnects=0, fps=5.0, **facts
    )
    cameras = {"camera": [front]}
    return [
        ServiceStatus(service=name, instance=name, ready=True, cameras=cameras.get(name, []), at=AT)
        for name in services
    ]


@pytest.mark.parametrize(
    ("heartbeats", "cause"),
    [
        (None, "redis"),
        (statuses("inference", "notifier"), "camera_service"),
        (statuses("camera", "notifier"), "inference"),
        (statuses("camera", "inference"), "unjudged"),
        (statuses("camera", "inference", last_frame_age_s=12.0, state="stalled"), "no_frames"),
        (statuses("camera", "inference", last_frame_age_s=None, state="connecting"), "no_frames"),
        (statuses("camera", "inference", state="ended", last_frame_age_s=12.0), None),
    ],
)
def test_the_first_part_that_fails_is_named(heartbeats: list[ServiceStatus] | None, cause: Cause | None) -> None:
    assert cause_of("front", 12.0, heartbeats, AT.timestamp()) == cause


def test_a_slow_camera_without_a_new_picture_is_the_camera_services_to_tell() -> None:
    slow = statuses("camera", "inference", last_frame_age_s=11.0)
    assert cause_of("front", 11.2, slow, AT.timestamp()) == "no_frames"


@pytest.mark.parametrize(
    ("faults", "age_s", "left"),
    [({}, 12.0, True), ({}, 27.0, False), ({"enabled": False}, 99.0, True), ({"ignore": ["offline"]}, 99.0, True)],
)
def test_a_silent_camera_is_left_to_its_fault_watch_for_a_while(faults: Any, age_s: float, left: bool) -> None:
    camera = CameraConfig.model_validate({"source": {"type": "pattern"}, "faults": faults})
    assert left_to_faults(camera, age_s) is left
