"""When the detector looks."""

from __future__ import annotations

from hackai_inference.cascade import DetectorTurns
from hackai_shared.config.detection import DetectorConfig
from hackai_shared.messages import Box

CONFIG = DetectorConfig(every_s=0.5, scan_every_s=10, suspicious_from=0.2)


def box(score: float) -> Box:
    return Box(x1=0.1, y1=0.1, x2=0.2, y2=0.2, label="fire", score=score, source="detector")


def looks(suspicion: float, seconds: float, found: float = 0.0) -> int:
    """Count the looks at a camera of 10 frames per second."""
    turns, count = DetectorTurns(CONFIG), 0
    for number in range(round(seconds * 10)):
        if turns.due(number / 10, suspicion=suspicion):
            count += 1
            turns.note([box(found)] if found else [], number / 10)
    return count


def test_a_quiet_camera_is_scanned_slowly_a_suspicious_one_often() -> None:
    assert looks(0.0, 60.0) == 6
    assert 100 <= looks(0.3, 60.0) <= 120


def test_a_fire_too_small_for_the_classifier_is_followed_by_its_boxes() -> None:
    assert 100 <= looks(0.0, 60.0, found=0.6) <= 120


def test_old_boxes_are_forgotten() -> None:
    turns = DetectorTurns(CONFIG)
    turns.note([box(0.6)], 5.0)

    assert [found.score for found in turns.boxes(5.5)] == [0.6]
    assert turns.boxes(8.0) == []


def test_a_new_clock_is_a_reason_to_look() -> None:
    turns = DetectorTurns(CONFIG)
    turns.note([], 100.0)

    assert turns.due(1.0, suspicion=0.0)
    assert turns.boxes(1.0) == []
