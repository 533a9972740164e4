"""A drill: its legs, its end, and what is said of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hackai_notifier.incident.drills import LIMIT_S, Drill, progress
from hackai_notifier.texts.render import Writer

ORDERED = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
WRITER = Writer(UTC)


def at(seconds: float) -> datetime:
    return ORDERED + timedelta(seconds=seconds)


def drill(**changes: object) -> Drill:
    facts = {
        "drill_id": "d", "by": "Ann", "ordered_at": ORDERED, "incident_id": "i", "shown_at": at(0.3),
        "recognised_at": at(2.0), "received_at": at(2.1),
    }  # fmt: skip
    return Drill.model_validate({**facts, **changes})


def test_it_goes_on_while_somebody_waits() -> None:
    states = [("telegram 1", "delivered", at(3).timestamp()), ("telegram 2", "waiting", None)]

    assert progress(drill(), states, at(10), broken="").outcome == "running"


def test_it_has_passed_when_everybody_was_told() -> None:
    states = [("telegram 1", "delivered", at(2.6).timestamp()), ("console console", "delivered", at(2.2).timestamp())]

    done = progress(drill(), states, at(3), broken="")

    assert done.outcome == "passed"
    assert {leg.name: round(leg.seconds, 2) for leg in done.legs} == {
        "order to first frame": 0.3,
        "first frame to fire recognised": 1.7,
        "recognised to notifier": 0.1,
        "notifier to telegram 1": 0.5,
        "notifier to console console": 0.1,
    }
    assert round(done.whole_s or 0, 2) == 2.6
    assert "Drill passed</b>: everyone alerted within 2.6 s" in WRITER.drill(done)
    assert "first frame to fire recognised: 1.70 s" in WRITER.drill(done)
    assert WRITER.drill_line(done) == "✅ 24 Nov 12:00 · 2.6 s · by Ann"


def test_it_has_failed_where_somebody_could_not_be_told() -> None:
    states = [("telegram 1", "dead", at(2.6).timestamp()), ("console console", "delivered", at(2.2).timestamp())]

    done = progress(drill(), states, at(3), broken="")

    assert (done.outcome, done.reason, done.whole_s) == ("failed", "not delivered to telegram 1", None)


def test_a_fire_that_does_not_come_is_blamed_on_its_leg() -> None:
    lost = drill(incident_id=None, shown_at=None, recognised_at=None, received_at=None)

    assert progress(lost, [], at(LIMIT_S - 1), broken="").outcome == "running"
    done = progress(lost, [], at(LIMIT_S + 1), broken="frames are shown, but none is judged")

    assert done.outcome == "failed"
    assert "Drill failed</b>: frames are shown, but none is judged" in WRITER.drill(done)


def test_a_phone_that_does_not_answer_is_named() -> None:
    done = progress(drill(), [("telegram 1", "waiting", None)], at(LIMIT_S + 1), broken="")

    assert (done.outcome, done.reason) == ("failed", "not yet delivered to telegram 1")
