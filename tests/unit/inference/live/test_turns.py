"""When the larger models look."""

from __future__ import annotations

from typing import List

from hackai_inference.live.turns import DetectorTurns, OpinionTurns
from hackai_shared.config.detection import DetectorConfig, SecondOpinionConfig
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


OPINION = SecondOpinionConfig(suspicious_from=0.2, kept_s=2.0, scan_every_s=1.0)


def opinions(suspicions: List[float], opinion: float = 0.0) -> List[bool]:
    """Return at which frames of a camera with 10 frames per second a second opinion is asked for."""
    turns, asked = OpinionTurns(OPINION), []
    for number, suspicion in enumerate(suspicions):
        asked.append(turns.due(number / 10, suspicion=suspicion))
        if asked[-1]:
            turns.note(opinion, number / 10)
    return asked


def test_an_opinion_on_a_quiet_camera_is_asked_for_once_a_second() -> None:
    assert [number for number, asked in enumerate(opinions([0.0] * 35)) if asked] == [0, 10, 20, 30]


def test_a_suspicion_is_followed_frame_by_frame_also_where_it_goes_away_for_a_moment() -> None:
    asked = opinions([0.0] * 5 + [0.3] + [0.0] * 40)

    assert asked[5:26] == [True] * 21
    assert asked[26:].count(True) == 2


def test_what_the_second_one_suspects_itself_is_followed_too() -> None:
    assert opinions([0.0] * 30, opinion=0.6) == [True] * 30


def test_a_new_clock_is_a_reason_to_ask_and_ends_old_suspicions() -> None:
    turns = OpinionTurns(OPINION)
    turns.note(0.9, 100.0)

    assert turns.due(1.0, suspicion=0.0)
    turns.note(0.0, 1.0)
    assert not turns.due(1.1, suspicion=0.0)
