"""Masks, zones, schedules, thresholds and budgets of one camera."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from hackai_inference.decision.camera_rules import CameraRules, in_force
from hackai_inference.decision.evidence import HIGHEST_REFERENCE, raised_reference
from hackai_inference.decision.places import PLACES, SIDE
from hackai_shared.config.detection import ConfirmationConfig
from hackai_shared.config.watching import CameraDetectionConfig, ScheduleConfig
from hackai_shared.serving.manifest import InputSpec

LEFT = [(0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0)]
MONDAY_NOON = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)
FIRST, LAST = 0, SIDE - 1
STRETCH = InputSpec(layout="NHWC", dtype="uint8", height=64, width=64)
BUDGET = {"alarms_per_week": 1, "hours": 24, "alarms": 0, "at_most_per_week": 21, "model": "fire-classifier/1"}


def rules(**fields: Any) -> CameraRules:
    return CameraRules(CameraDetectionConfig.model_validate(fields), ConfirmationConfig())


def threshold(vigilance: CameraRules, place: int = FIRST, at: datetime = MONDAY_NOON) -> float:
    return vigilance.threshold(vigilance.terms(at), place)


def schedule(**fields: Any) -> ScheduleConfig:
    return ScheduleConfig.model_validate(
        {"name": "welding", "start": "08:00", "end": "16:00", "threshold": 0.9, **fields}
    )


def test_without_rules_the_reference_counts_everywhere() -> None:
    assert threshold(rules()) == pytest.approx(0.5)
    assert not rules().ignored.any()
    assert rules().hidden(STRETCH, width=640, height=360) is None


def test_a_camera_can_have_its_own_threshold_lower_or_higher() -> None:
    assert threshold(rules(threshold=0.8)) == pytest.approx(0.8)
    assert threshold(rules(threshold=0.3)) == pytest.approx(0.3)


def test_the_highest_threshold_of_place_and_hour_counts() -> None:
    vigilance = rules(
        threshold=0.6,
        zones={"bench": {"polygon": LEFT}, "stove": {"polygon": LEFT, "threshold": 0.7}},
        schedules=[{"name": "welding", "start": "08:00", "end": "16:00", "threshold": 0.9, "zone": "bench"}],
    )

    assert threshold(vigilance, FIRST) == pytest.approx(0.9)
    assert threshold(vigilance, LAST) == pytest.approx(0.6)
    assert threshold(vigilance, FIRST, MONDAY_NOON.replace(hour=20)) == pytest.approx(0.7)
    assert vigilance.raised_by(vigilance.terms(MONDAY_NOON), FIRST) == ["welding"]
    assert vigilance.raised_by(vigilance.terms(MONDAY_NOON), LAST) == []
    assert vigilance.raised_by(vigilance.terms(MONDAY_NOON.replace(hour=20)), FIRST) == []


def test_no_sum_of_raises_silences_a_fire() -> None:
    assert raised_reference(0.5, 50.0) == HIGHEST_REFERENCE < 1.0
    with pytest.raises(ValidationError):
        rules(threshold=1.0)


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (MONDAY_NOON.replace(day=23, hour=21, minute=59), False),
        (MONDAY_NOON.replace(day=23, hour=22, minute=0), True),
        (MONDAY_NOON.replace(day=24, hour=5, minute=59), True),
        (MONDAY_NOON.replace(day=24, hour=6, minute=0), False),
        (MONDAY_NOON.replace(day=23, hour=3, minute=0), False),
    ],
)
def test_a_night_belongs_to_the_day_on_which_it_begins(at: datetime, expected: bool) -> None:
    assert in_force(schedule(days=["mon"], start="22:00", end="06:00"), at) is expected


def test_a_day_of_the_week_counts() -> None:
    assert in_force(schedule(days=["mon"]), MONDAY_NOON)
    assert not in_force(schedule(days=["tue"]), MONDAY_NOON)


def test_a_whole_day_ends_at_24_00() -> None:
    whole = schedule(days=["mon"], start="00:00", end="24:00")

    assert in_force(whole, MONDAY_NOON.replace(hour=0))
    assert in_force(whole, MONDAY_NOON.replace(hour=23, minute=59, second=59, microsecond=999_999))
    assert not in_force(whole, MONDAY_NOON.replace(day=24, hour=0))


def test_a_schedule_of_an_unknown_zone_is_refused() -> None:
    with pytest.raises(ValidationError, match="names the zone"):
        rules(schedules=[{"name": "w", "start": "08:00", "end": "09:00", "threshold": 0.9, "zone": "bench"}])


def test_a_mask_hides_its_part_of_the_picture_from_the_model() -> None:
    vigilance = rules(masks={"fireplace": LEFT})

    hidden = vigilance.hidden(STRETCH, width=640, height=360)

    assert hidden is not None
    assert hidden[:, :32].all()
    assert not hidden[:, 32:].any()
    assert vigilance.ignored.sum() == PLACES / 2
    assert vigilance.is_ignored(0.2, 1.0)
    assert not vigilance.is_ignored(0.8, 1.0)


def test_a_mask_follows_the_picture_into_the_letterbox() -> None:
    spec = STRETCH.model_copy(update={"resize": "letterbox"})

    hidden = rules(masks={"fireplace": LEFT}).hidden(spec, width=640, height=320)

    assert hidden is not None
    assert hidden[16:48, :32].all()
    assert hidden.sum() == 32 * 32
    assert not np.any(hidden[:16])


def test_a_budget_holds_for_the_model_that_it_was_measured_with() -> None:
    vigilance = rules(threshold=0.7, budget=BUDGET)

    measured = vigilance.budget("fire-classifier/1")

    assert measured is not None
    assert (measured.alarms_per_week, measured.at_most_per_week) == (1, 21)
    assert vigilance.budget("fire-classifier/1 + fire-classifier-large/1") is None
