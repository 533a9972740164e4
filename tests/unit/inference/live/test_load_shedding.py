"""What is given up when the machine is hot or short of memory, and that the alarm never is."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any, Callable, Optional

import pytest

from hackai_inference.live.camera_pipeline import CameraPipeline
from hackai_inference.live.load_shedding import CALM_S, QUIET_INTERVAL_S, Level, LoadShedding, ResourceReading, level_of
from hackai_inference.models.judgement import judge
from hackai_inference.models.registry import Registry
from hackai_shared.config.detection import InferenceConfig
from hackai_shared.messages import FrameRef

COOL = ResourceReading(headroom_c=40.0, available_mb=2000)


def relief_at(level: Level) -> LoadShedding:
    relief = LoadShedding(scan_every_s=10.0)
    relief.level = level
    return relief


@pytest.mark.parametrize(
    ("headroom", "available", "level"),
    [
        (40.0, 2000, Level.NOTHING),
        (None, None, Level.NOTHING),
        (7.9, 2000, Level.HEAT_MAP),
        (4.9, 2000, Level.SCANS),
        (1.9, 2000, Level.FRAMES),
        (-5.0, 2000, Level.FRAMES),
        (None, 399, Level.HEAT_MAP),
        (40.0, 249, Level.SCANS),
        (40.0, 149, Level.FRAMES),
        (7.0, 100, Level.FRAMES),
    ],
)
def test_the_worse_of_heat_and_memory_counts(headroom: Optional[float], available: Optional[int], level: Level) -> None:
    assert level_of(ResourceReading(headroom, available)) is level


def test_up_at_once_and_down_one_level_after_a_calm_while() -> None:
    relief = LoadShedding(scan_every_s=10.0)
    assert relief.observe(ResourceReading(1.0, 2000), 0.0) is Level.FRAMES

    assert relief.observe(COOL, 5.0) is Level.FRAMES
    assert relief.observe(COOL, 5.0 + CALM_S) is Level.SCANS
    assert relief.observe(COOL, 6.0 + CALM_S) is Level.SCANS
    assert relief.observe(COOL, 5.0 + 2 * CALM_S) is Level.HEAT_MAP
    assert relief.observe(ResourceReading(1.0, 2000), 6.0 + 2 * CALM_S) is Level.FRAMES


def test_a_little_cooler_is_not_enough() -> None:
    relief = LoadShedding(scan_every_s=10.0)
    relief.observe(ResourceReading(4.0, 2000), 0.0)
    for second in range(5, 300, 5):
        assert relief.observe(ResourceReading(6.0, 2000), float(second)) is Level.SCANS


def test_heat_maps_go_first() -> None:
    assert [relief_at(level).heat_map for level in Level] == [True, False, False, False]


def test_scans_of_quiet_cameras_become_rarer() -> None:
    relief = relief_at(Level.SCANS)
    relief.note("front", quiet=True)
    relief.scanned("front", 100.0)

    assert not relief.admits_scan("front", 125.0)
    assert relief.admits_scan("front", 130.0)
    assert relief_at(Level.HEAT_MAP).admits_scan("front", 0.0)


def test_frames_of_quiet_cameras_become_rarer_but_each_camera_has_its_own_turn() -> None:
    relief = relief_at(Level.FRAMES)
    for camera in ("front", "back"):
        relief.note(camera, quiet=True)

    at_25_fps = [number / 25 for number in range(50)]

    assert sum(relief.admits_frame("front", at) for at in at_25_fps) == pytest.approx(10, abs=1)
    assert relief.admits_frame("back", 0.0)
    assert all(relief_at(Level.SCANS).admits_frame("front", at) for at in at_25_fps)


@pytest.mark.parametrize("level", list(Level))
def test_a_camera_with_any_suspicion_is_looked_at_in_full(level: Level) -> None:
    relief = relief_at(level)
    relief.note("front", quiet=False)

    assert all(relief.admits_frame("front", number / 25) for number in range(50))
    relief.scanned("front", 0.0)
    assert relief.admits_scan("front", 0.3)
    assert relief.admits_frame("never seen before", 0.0)


def seconds_to_alarm(registry: Registry, picture: Callable[..., bytes], relief: LoadShedding) -> float:
    """Show a fire from second 2 on at 25 frames per second; return when its incident opens after that."""
    lane = CameraPipeline("front", "Front", InferenceConfig(), new_id=lambda: "id")
    model = registry.active
    judgements: Any = {kind: judge(model, picture(kind), max_pixels=10**6) for kind in ("no_fire", "fire")}
    for number in range(250):
        at = number / 25
        if not relief.admits_frame("front", at):
            continue
        judgement = judgements["fire" if at >= 2.0 else "no_fire"]
        frame = FrameRef(
            camera_id="front",
            epoch="e1",
            sequence=number,
            captured_at=datetime(2026, 1, 1, tzinfo=timezone.utc),
            stream_s=at,
        )
        result = lane.judge(frame, judgement, frame.captured_at, width=160, height=90)
        scores = judgement.result.probabilities
        relief.note("front", quiet=result.verdict.state == "clear" and scores["fire"] + scores["start_fire"] < 0.15)
        if any(event.change == "opened" for event in result.events):
            return at - 2.0
    raise AssertionError("no alarm")


def test_at_the_worst_the_alarm_comes_later_by_one_quiet_interval_at_most(
    registry: Registry, picture: Callable[..., bytes]
) -> None:
    registry.load()
    relaxed = seconds_to_alarm(registry, picture, relief_at(Level.NOTHING))
    strained = seconds_to_alarm(registry, picture, relief_at(Level.FRAMES))

    assert strained <= relaxed + QUIET_INTERVAL_S + 1 / 25
