"""Readiness is the age of the last work, not a port that answers."""

from __future__ import annotations

from hackai_shared.health import CheckResult, Health, WorkClock


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_service_that_has_just_started_is_given_time() -> None:
    clock = Clock()
    work = WorkClock(5, grace_s=30, clock=clock)

    clock.now += 29
    assert work.check().ok
    clock.now += 2
    assert not work.check().ok


def test_work_that_was_not_done_lately_fails() -> None:
    clock = Clock()
    work = WorkClock(5, clock=clock)
    work.beat()

    clock.now += 5
    assert work.check().ok
    clock.now += 0.1
    assert not work.check().ok
    assert "5.1 s ago" in work.check().detail


def test_one_failing_check_makes_the_service_not_ready() -> None:
    health = Health()
    health.add("good", lambda: CheckResult(True, ""))
    assert health.ready

    health.add("bad", lambda: CheckResult(False, "why"))

    assert not health.ready
    assert health.results()["bad"].detail == "why"
