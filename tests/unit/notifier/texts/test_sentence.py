"""The sentence to judge an alarm by."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from hackai_notifier.texts.sentence import percent, what_was_seen
from hackai_shared.messages import Budget, LearnedThreshold, ModelRef
from notifier_harness import incident

AT = datetime(2026, 11, 24, 14, 3, 22, tzinfo=UTC)


def clock(at: datetime) -> str:
    return at.strftime("%H:%M:%S")


def test_everything_that_is_known_is_in_one_sentence() -> None:
    event = incident(
        opened_at=AT - timedelta(seconds=3),
        confirmed_at=AT,
        trend="growing",
        model=ModelRef(name="fire-classifier", version=3, variant="int8"),
        threshold=0.62,
        raised_by=["welding"],
        budget=Budget(alarms_per_week=1, at_most_per_week=10.49, confidence=0.95, hours=48, alarms=0),
    )

    assert what_was_seen(event, clock) == (
        "Seen since 14:03:19, confirmed 14:03:22, in 28 of 30 frames, growing, fire-classifier 3 says 93 %, "
        "62 % count here during welding; set for 1 false alarm a week at most "
        "(measured: 0 in 48 h, so below 10.5 a week with 95 % confidence)."
    )


def test_what_is_not_known_is_left_out() -> None:
    event = incident(opened_at=AT, confirmed_at=AT)

    assert what_was_seen(event, clock) == "Seen since 14:03:22, confirmed 14:03:22, in 28 of 30 frames."


def test_names_of_others_are_escaped() -> None:
    event = incident(threshold=0.5, raised_by=["<b>x"])

    assert "during &lt;b&gt;x." in what_was_seen(event, clock)


@pytest.mark.parametrize(("score", "expected"), [(0.0, "0 %"), (0.934, "93 %"), (1.0, "99 %")])
def test_nothing_is_certain(score: float, expected: str) -> None:
    assert percent(score) == expected


@pytest.mark.parametrize(
    ("days", "false_alarms", "expected"),
    [
        (3.1, 0, "81 % count here, learned from 3 days."),
        (0.1, 1, "81 % count here, learned from 2 hours and 1 false alarm."),
        (0.0, 2, "81 % count here, learned from 2 false alarms."),
        (0.0, 0, "81 % count here, learned from less than an hour."),
    ],
)
def test_a_threshold_that_was_learned_says_from_what(days: float, false_alarms: int, expected: str) -> None:
    event = incident(threshold=0.81, learned=LearnedThreshold(days=days, false_alarms=false_alarms))

    assert what_was_seen(event, clock).endswith(expected)
