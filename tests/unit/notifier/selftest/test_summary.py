"""The daily summary: when, and what it says."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from hackai_notifier.incident.incidents import Mark, merge
from hackai_notifier.selftest.canaries import Canary
from hackai_notifier.selftest.summary import Day, due, first_mark, summary_text
from hackai_shared.config.time_of_day import TimeOfDay
from hackai_shared.messages import utc_now
from notifier_harness import incident

EIGHT = TimeOfDay(8 * 3600)
EARLY, LATE = datetime(2026, 11, 24, 7, 59, tzinfo=UTC), datetime(2026, 11, 24, 14, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "last", "sent"),
    [
        (EARLY, "2026-11-23", False),
        (LATE, "2026-11-23", True),  # late, because nobody was there at eight
        (LATE, "2026-11-24", False),
        (LATE, "never", True),
        (LATE, None, False),
    ],
)
def test_it_is_sent_once_a_day(now: datetime, last: str | None, sent: bool) -> None:
    assert due(now, EIGHT, last) is sent


def test_the_first_start_sends_none_for_a_time_that_has_passed() -> None:
    assert first_mark(LATE, EIGHT) == "2026-11-24"
    assert first_mark(EARLY, EIGHT) == "never"


def test_a_quiet_day_is_worth_a_message() -> None:
    text = summary_text(Day(canaries_expected=288), LATE)

    assert "No fire was seen." in text
    assert "0 of about 288 test fires came through" in text
    assert text.endswith("Messages: 0 delivered, 0 waiting, 0 undeliverable")


def test_it_counts_what_happened() -> None:
    now = utc_now()
    answered = merge(None, incident()).model_copy(update={"acknowledged": Mark(by="Ann", at=now), "cleared_at": now})
    open_one = merge(None, incident(camera_name="<Attic>"))
    fault = merge(None, incident(kind="camera_fault", label="covered")).model_copy(update={"cleared_at": now})

    text = summary_text(
        Day(
            incidents=[answered, open_one, fault, fault],
            canaries=[Canary(0, 1, 2, 2.5), Canary(10, 11, 12, 14)],
            canaries_expected=2,
            delivered=9,
        ),
        LATE,
    )

    assert "2 alarm(s): 1 acknowledged, 0 false, 1 unanswered" in text
    assert "still open: &lt;Attic&gt;" in text
    assert "📵 Front door: covered, 2 time(s)" in text
    assert "2 of about 2 test fires came through, the slowest in 4.0 s" in text
