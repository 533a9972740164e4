"""The waits before a source is opened again."""

from __future__ import annotations

from hackai_camera.backoff import HEALTHY_S, MAX_S, MIN_S, Backoff


def test_every_wait_is_within_the_bounds() -> None:
    backoff = Backoff()

    waits = [backoff.failed(ran_s=0.0) for _ in range(200)]

    assert all(MIN_S <= wait <= MAX_S for wait in waits)


def test_the_first_wait_is_short_and_later_ones_grow() -> None:
    firsts = [Backoff().failed(0.0) for _ in range(50)]
    assert max(firsts) <= 2 * MIN_S

    backoff = Backoff()
    for _ in range(10):
        backoff.failed(0.0)
    assert max(backoff.failed(0.0) for _ in range(50)) > 10


def test_waits_are_jittered() -> None:
    assert len({Backoff().failed(0.0) for _ in range(20)}) > 1


def test_a_healthy_run_begins_a_new_series() -> None:
    backoff = Backoff()
    for _ in range(10):
        backoff.failed(0.0)

    assert backoff.failed(ran_s=HEALTHY_S) <= 2 * MIN_S
