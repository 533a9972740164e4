"""One camera from judged frames to events."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Callable

import pytest

from hackai_inference.judging import judge
from hackai_inference.lane import Lane, LaneResult, SequenceWatch
from hackai_inference.registry import Registry
from hackai_shared.config.detection import ConfirmationConfig
from hackai_shared.messages import FrameHeader

NOW = datetime(2026, 1, 1, tzinfo=timezone.utc)


def header(sequence: int, epoch: str = "e1") -> FrameHeader:
    return FrameHeader(
        camera_id="front",
        epoch=epoch,
        sequence=sequence,
        captured_at=NOW,
        stream_s=sequence / 10,
        monotonic_s=0.0,
        boot_id="b",
        width=160,
        height=90,
    )


class Player:
    """Shows pictures to a lane at 10 frames per second."""

    def __init__(self, lane: Lane, registry: Registry, picture: Callable[..., bytes]) -> None:
        self._lane, self._registry, self._picture = lane, registry, picture

    def show(self, label: str, sequences: range, epoch: str = "e1") -> list[LaneResult]:
        judgement = judge(self._registry.active, self._picture(label), max_pixels=10**6)
        return [
            self._lane.judge(header(number, epoch).ref(), judgement, NOW, width=160, height=90) for number in sequences
        ]


@pytest.fixture
def player(registry: Registry, picture: Callable[..., bytes]) -> Player:
    numbers = iter(range(10_000))
    lane = Lane("front", "Front door", ConfirmationConfig(), new_id=lambda: f"id{next(numbers)}")
    return Player(lane, registry, picture)


def test_a_fire_opens_one_incident_with_a_box(player: Player) -> None:
    results = player.show("no_fire", range(10)) + player.show("fire", range(10, 60))

    events = [event for result in results for event in result.events if event.change == "opened"]
    assert [event.label for event in events] == ["fire"]
    assert events[0].boxes
    assert results[0].boxes == []
    assert results[-1].incident is not None
    assert results[-1].verdict.state == "confirmed"


def test_a_camera_that_restarts_keeps_its_open_incident(player: Player) -> None:
    first = player.show("fire", range(50))
    second = player.show("fire", range(50), epoch="e2")

    opened = [event for result in first + second for event in result.events if event.change == "opened"]
    assert len(opened) == 1
    assert second[-1].incident is not None
    assert second[-1].incident.incident_id == opened[0].incident_id


def test_a_restarted_service_goes_on_with_the_incident(
    player: Player, registry: Registry, picture: Callable[..., bytes]
) -> None:
    incident = player.show("fire", range(50))[-1].incident
    lane = Lane("front", "Front door", ConfirmationConfig(), new_id=lambda: "new", incident=incident)

    results = Player(lane, registry, picture).show("fire", range(50, 80))

    assert [event.change for result in results for event in result.events] == []
    assert results[-1].incident is not None
    assert incident is not None
    assert results[-1].incident.incident_id == incident.incident_id


def test_gaps_are_counted_within_an_epoch_only() -> None:
    watch = SequenceWatch()

    missing = [watch.note(header(number)) for number in (5, 6, 9, 9, 8)]
    missing.append(watch.note(header(3, "e2")))
    missing.append(watch.note(header(5, "e2")))

    assert missing == [0, 0, 2, 0, 0, 0, 1]
    assert watch.lost == 3
