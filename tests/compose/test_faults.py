"""No alarm is lost when services or Redis die, Telegram is out of reach, a replica is gone or the box restarts."""

from __future__ import annotations

import os
import time

import pytest

from compose.containers import Containers, until

pytestmark = [pytest.mark.compose, pytest.mark.timeout(900)]

BACK_S = 30.0
CUT_S = float(os.environ.get("HACKAI_TEST_CUT_S", "120"))


def fresh_alarm(stack: Containers, timeout_s: float = 90) -> None:
    """Wait for an incident that was not there before."""
    before = stack.incidents()
    until(lambda: stack.incidents() - before, timeout_s, "another incident")


def all_delivered(stack: Containers, timeout_s: float = 60) -> float:
    """Wait until every incident up to now was accepted by Telegram."""
    opened = stack.incidents()
    assert opened
    return until(lambda: opened <= stack.delivered(), timeout_s, f"{len(opened)} incidents delivered")


def test_the_clip_becomes_an_alarm_on_telegram(stack: Containers) -> None:
    until(stack.texts, 90, "the first text")
    all_delivered(stack)


@pytest.mark.parametrize("service", ["notifier", "inference", "camera", "redis"])
def test_a_service_killed_during_an_incident_is_back_and_nothing_is_lost(stack: Containers, service: str) -> None:
    fresh_alarm(stack)
    restarts = stack.inspect(service)["RestartCount"]

    stack.kill(service)

    killed = time.monotonic()
    until(lambda: stack.inspect(service)["RestartCount"] > restarts, BACK_S, f"{service} restarted")
    until(lambda: stack.ready(service), BACK_S, f"{service} ready")
    took = time.monotonic() - killed
    assert took < BACK_S
    print(f"\n{service}: at work again {took:.1f} s after it was killed")
    all_delivered(stack)
    fresh_alarm(stack)
    all_delivered(stack)


def test_what_happens_while_telegram_is_out_of_reach_is_told_afterwards(stack: Containers) -> None:
    network = f"{stack.project}_outside"
    stack.disconnect("telegram", network)
    until(lambda: stack.incidents() - stack.delivered(), 90, "an incident that cannot be delivered")
    time.sleep(CUT_S)  # the outage itself
    stack.connect("telegram", network)

    print(f"\nall told {all_delivered(stack, 90):.1f} s after the network was back")


def test_a_lost_replica_is_replaced_within_ten_seconds(stack: Containers) -> None:
    stack.compose("up", "-d", "--wait", "inference-2")
    until(lambda: len(stack.holders()) == 2, 90, "both replicas watch cameras")
    lost = stack.holder_of("inference")
    stack.compose("kill", "-s", "SIGKILL", "inference")

    took = until(lambda: lost not in stack.holders(), 10, "the other replica watches all cameras")

    print(f"\nwatched again after {took:.1f} s")
    fresh_alarm(stack)
    all_delivered(stack)
    stack.compose("up", "-d", "--wait", "inference")


def test_down_and_up_in_the_middle_of_an_incident(stack: Containers) -> None:
    fresh_alarm(stack)
    before = stack.incidents()

    stack.compose("down")
    stack.compose("up", "-d", "--wait", "redis", "identity", "telegram", "inference", "notifier", "camera")

    assert before <= stack.incidents()
    all_delivered(stack)
    fresh_alarm(stack)
