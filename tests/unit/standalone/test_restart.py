"""The pauses between restarts."""

from __future__ import annotations

from hackai_standalone.restart import HEALTHY_AFTER_S, LONGEST_PAUSE_S, RestartPolicy


def test_a_service_that_fails_at_once_is_restarted_ever_more_slowly() -> None:
    policy = RestartPolicy()

    pauses = [policy.pause_s(ran_s=1) for _ in range(9)]

    assert pauses == [0.5, 1, 2, 4, 8, 16, LONGEST_PAUSE_S, LONGEST_PAUSE_S, LONGEST_PAUSE_S]


def test_a_healthy_run_makes_the_next_failure_a_new_one() -> None:
    policy = RestartPolicy()
    for _ in range(5):
        policy.pause_s(ran_s=1)

    assert policy.pause_s(ran_s=HEALTHY_AFTER_S) == 0.5
