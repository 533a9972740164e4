"""Which threshold keeps a budget, and what it costs."""

from __future__ import annotations

from typing import Dict, Tuple

import pytest

from hackai_inference.calibration.choice import Choice, choose, price
from hackai_inference.calibration.report import share
from hackai_shared.serving.gate_report import Judged, RecallBounds

LONG = 168.0 * 40
SHORT = 24.0


def chosen(alarms: Dict[float, int], hours: float, budget: float = 1.0) -> Choice:
    return choose(price(alarms, hours, {}), budget, hours, usual=0.5)


def test_the_lowest_threshold_that_is_proved_to_keep_the_budget() -> None:
    choice = chosen({0.3: 90, 0.5: 25, 0.7: 3, 0.9: 0}, LONG)

    assert (choice.threshold, choice.proved, choice.kept, choice.more_hours) == (0.5, True, True, 0.0)
    assert choice.chosen.at_most_per_week == pytest.approx(34.9 / 40, abs=0.01)


def test_a_proof_may_make_a_camera_more_eager_than_usual() -> None:
    assert chosen({0.3: 0, 0.5: 0, 0.9: 0}, LONG).threshold == 0.3


def test_footage_too_short_for_a_proof_never_does() -> None:
    choice = chosen({0.3: 0, 0.5: 0, 0.9: 0}, SHORT)

    assert (choice.threshold, choice.proved, choice.kept) == (0.5, False, True)
    assert choice.more_hours == pytest.approx(503.3 - 24.0, abs=0.1)


def test_too_short_footage_with_alarms_raises_the_threshold_above_them() -> None:
    assert chosen({0.3: 9, 0.5: 2, 0.7: 1, 0.9: 0, 0.95: 0}, SHORT).threshold == 0.9


def test_the_first_failure_from_above_ends_the_test() -> None:
    """Otherwise many looks would find a lucky one, and the confidence would be a lie."""
    assert chosen({0.3: 0, 0.5: 0, 0.7: 1, 0.9: 0}, SHORT).threshold == 0.9


def test_a_camera_that_alarms_at_every_threshold_keeps_no_budget() -> None:
    choice = chosen({0.5: 9, 0.97: 4}, SHORT)

    assert (choice.threshold, choice.kept, choice.proved) == (0.97, False, False)


def test_a_generous_budget_is_proved_soon() -> None:
    assert chosen({0.5: 0, 0.9: 0}, SHORT, budget=50.0).proved


def test_the_price_is_recall_and_time() -> None:
    low, high = price({0.5: 0, 0.9: 0}, 1.0, {0.5: [1.0, 2.0, 9.0, None], 0.9: [None] * 4})

    assert (low.recall, low.seconds) == (0.75, 2.0)
    assert (high.recall, high.seconds) == (0.0, None)
    assert price({0.5: 0}, 1.0, {})[0].recall is None


def test_without_fires_the_gate_report_shows_the_price() -> None:
    points = [{"threshold": 0.5, "recall": 0.98}, {"threshold": 0.9, "recall": 0.93}]
    judged = Judged.model_validate({"variant": "int8", "fire_recall_at_threshold": points})
    rows = price({0.5: 2, 0.7: 0, 0.9: 0}, LONG, {}, judged=judged)

    assert [row.on_pictures for row in rows] == [(0.98, 0.98), (0.93, 0.98), (0.93, 0.93)]
    assert [row.recall for row in rows] == [None] * 3


@pytest.mark.parametrize(
    ("bounds", "text"),
    [((0.911, 0.911), "91%"), ((0.911, 1.0), ">= 91%"), ((0.84, 0.911), "84-91%"), ((0, 0.8), "<= 80%")],
)
def test_what_is_only_bounded_is_written_so(bounds: Tuple[float, float], text: str) -> None:
    assert share(RecallBounds(*bounds)) == text
