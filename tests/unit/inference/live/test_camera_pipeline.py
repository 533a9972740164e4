"""One camera from judged frames to events."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any, Callable, List, Optional

import pytest

from hackai_inference.decision.learned_quiet import LearnedQuiet
from hackai_inference.live.camera_pipeline import CameraPipeline, PipelineResult, SequenceWatch
from hackai_inference.models.judgement import judge
from hackai_inference.models.registry import Registry
from hackai_shared.config.detection import InferenceConfig
from hackai_shared.config.watching import CameraDetectionConfig
from hackai_shared.messages import Box, FrameHeader

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

    def __init__(self, lane: CameraPipeline, registry: Registry, picture: Callable[..., bytes]) -> None:
        self._lane, self._registry, self._picture = lane, registry, picture

    def show(
        self, label: str, sequences: range, epoch: str = "e1", found: Optional[List[Box]] = None
    ) -> List[PipelineResult]:
        jpeg, model = self._picture(label), self._registry.active
        hidden = self._lane.sight.hidden(model.manifest.input, width=160, height=90)
        judgement = judge(model, jpeg, max_pixels=10**6, hidden=hidden)
        results = []
        for number in sequences:
            frame = header(number, epoch).ref()
            boxes = found if self._lane.sight.wants_boxes(judgement, frame.stream_s) else None
            results.append(self._lane.judge(frame, judgement, NOW, width=160, height=90, jpeg=jpeg, found=boxes))
        return results


@pytest.fixture
def player(registry: Registry, picture: Callable[..., bytes]) -> Player:
    numbers = iter(range(10_000))
    lane = CameraPipeline("front", "Front door", InferenceConfig(), new_id=lambda: f"id{next(numbers)}")
    return Player(lane, registry, picture)


@pytest.fixture
def ruled(registry: Registry, picture: Callable[..., bytes]) -> Callable[..., Player]:
    """A function that makes a player whose camera has rules."""

    def make(**rules: Any) -> Player:
        lane = CameraPipeline(
            "front",
            "Front door",
            InferenceConfig(),
            new_id=lambda: "id",
            rules=CameraDetectionConfig.model_validate(rules),
        )
        return Player(lane, registry, picture)

    return make


def opened(results: List[PipelineResult]) -> List[str]:
    return [event.label for result in results for event in result.events if event.change == "opened"]


def spot(score: float) -> Box:
    return Box(x1=0.7, y1=0.7, x2=0.8, y2=0.8, label="fire", score=score, source="detector")


def test_boxes_of_the_detector_alone_confirm_a_fire_at_their_place(player: Player) -> None:
    results = player.show("no_fire", range(60), found=[spot(0.97)])

    (event,) = [event for result in results for event in result.events if event.change == "opened"]
    assert event.label == "fire"
    assert [box.source for box in event.boxes] == ["detector"]
    assert event.score == pytest.approx(0.97)
    told = next(result for result in results if result.events)
    assert told.place == pytest.approx((0.75, 0.75), abs=0.08)
    assert len(told.moments) >= 1


def test_boxes_that_are_only_drawn_confirm_nothing_and_show_a_fire_that_others_see(player: Player) -> None:
    assert opened(player.show("no_fire", range(60), found=[spot(0.49)])) == []

    (event,) = [e for r in player.show("fire", range(60, 120), found=[spot(0.49)]) for e in r.events][:1]
    assert event.change == "opened"
    assert [box.source for box in event.boxes] == ["detector"]


def test_a_mask_hides_fire_and_boxes(ruled: Callable[..., Player]) -> None:
    everything = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)]
    masked = ruled(masks={"fireplace": everything})

    assert opened(masked.show("fire", range(60), found=[spot(0.97)])) == []
    assert opened(ruled().show("fire", range(60))) == ["fire"]


def test_what_is_smaller_than_the_minimum_is_not_told_until_it_grows(ruled: Callable[..., Player]) -> None:
    candle = ruled(min_size=0.03)
    large = spot(0.97).model_copy(update={"x1": 0.5, "y1": 0.5})

    assert opened(candle.show("no_fire", range(60), found=[spot(0.97)])) == []
    assert opened(candle.show("no_fire", range(60, 120), found=[large])) == ["fire"]


def test_the_event_names_threshold_schedule_and_budget(ruled: Callable[..., Player]) -> None:
    lane = ruled(
        threshold=0.6,
        budget={"alarms_per_week": 1, "hours": 48, "alarms": 0, "at_most_per_week": 10.5, "model": "fire-classifier/2"},
        schedules=[{"name": "all day", "start": "00:00", "end": "23:59:59", "threshold": 0.9}],
    )

    (event,) = [event for result in lane.show("fire", range(60)) for event in result.events][:1]

    assert event.threshold == pytest.approx(0.9)
    assert event.raised_by == ["all day"]
    assert event.budget is not None
    assert event.budget.at_most_per_week == 10.5


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
    lane = CameraPipeline("front", "Front door", InferenceConfig(), new_id=lambda: "new", incident=incident)

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


def test_a_false_alarm_ends_its_incident_and_stays_silent_and_the_next_fire_says_what_was_learned(
    registry: Registry, picture: Callable[..., bytes]
) -> None:
    quiet = LearnedQuiet()
    numbers = iter(range(100))
    lane = CameraPipeline("front", "Front door", InferenceConfig(), new_id=lambda: f"id{next(numbers)}", quiet=quiet)
    camera = Player(lane, registry, picture)
    first = camera.show("no_fire", range(60), found=[spot(0.93)])
    assert opened(first) == ["fire"]
    assert [event.learned for result in first for event in result.events] == [None]

    incident = first[-1].incident
    assert incident is not None
    assert lane.learned(lambda known: known.teach(incident.incident_id, NOW))

    after = camera.show("no_fire", range(60, 200), found=[spot(0.93)])
    assert [event.change for result in after for event in result.events] == ["cleared"]
    again = camera.show("no_fire", range(200, 300), found=[spot(0.995)])
    (event,) = [event for result in again for event in result.events if event.change == "opened"]
    assert event.learned is not None
    assert event.learned.false_alarms == 1
    assert event.threshold == pytest.approx(0.97)


def test_a_camera_that_learns_nothing_has_nothing_to_read(player: Player) -> None:
    lane = CameraPipeline("front", "Front door", InferenceConfig(), new_id=lambda: "id")
    assert lane.learned(lambda quiet: quiet.known_days) is None
