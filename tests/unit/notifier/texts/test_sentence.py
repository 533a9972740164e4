"""The sentence to judge an alarm by."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from hackai_notifier.texts.sentence import technical_detail, what_was_seen
from hackai_shared.messages import Budget, LearnedThreshold, ModelRef
from notifier_harness import incident

AT = datetime(2026, 11, 24, 14, 3, 22, tzinfo=UTC)


def clock(at: datetime) -> str:
    return at.strftime("%H:%M:%S")


def test_what_counts_comes_first_and_the_detail_below() -> None:
    event = incident(
        opened_at=AT - timedelta(seconds=3),
        confirmed_at=AT,
        trend="growing",
        model=ModelRef(name="fire-classifier", version=3, variant="int8"),
        threshold=0.62,
        raised_by=["welding"],
        budget=Budget(alarms_per_week=1, at_most_per_week=10.49, confidence=0.95, hours=48, alarms=0),
    )

    assert what_was_seen(event, clock) == ("First seen 14:03:19, confirmed within 3 s. Very certain (97 %), growing.")
    assert technical_detail(event) == (
        "fire-classifier 3 · 28 of 30 frames · threshold 62 %, raised by welding · "
        "set for at most 1 false alarm a week (measured: 0 in 48 h, so below 10.5 a week with 95 % confidence)"
    )


def test_what_is_not_known_is_left_out() -> None:
    event = incident(opened_at=AT, confirmed_at=AT)

    assert what_was_seen(event, clock) == "First seen 14:03:22, confirmed within 1 s. Very certain (97 %)."
    assert technical_detail(event) == "28 of 30 frames"


def test_names_of_others_are_escaped() -> None:
    event = incident(threshold=0.5, raised_by=["<b>x"])

    assert "raised by &lt;b&gt;x" in technical_detail(event)


@pytest.mark.parametrize(
    ("days", "false_alarms", "expected"),
    [
        (3.1, 0, "threshold 81 %, learned from 3 days"),
        (0.1, 1, "threshold 81 %, learned from 2 hours and 1 false alarm"),
        (0.0, 2, "threshold 81 %, learned from 2 false alarms"),
        (0.0, 0, "threshold 81 %, learned from less than an hour"),
    ],
)
def test_a_threshold_that_was_learned_says_from_what(days: float, false_alarms: int, expected: str) -> None:
    event = incident(threshold=0.81, learned=LearnedThreshold(days=days, false_alarms=false_alarms))

    assert technical_detail(event).endswith(expected)


@pytest.mark.parametrize(("peak", "words"), [(0.97, "Very certain"), (0.85, "Fairly certain"), (0.6, "Uncertain")])
def test_how_certain(peak: float, words: str) -> None:
    assert f"{words} (" in what_was_seen(incident(peak_score=peak), clock)
