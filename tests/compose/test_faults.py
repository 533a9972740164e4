"""No alarm is lost when services or Redis die, Telegram is out of reach, a replica is gone or the box restarts."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

import pytest

from compose.containers import Containers, until

pytestmark = [pytest.mark.compose, pytest.mark.timeout(900)]

BACK_S = 30.0
CUT_S = float(os.environ.get("HACKAI_TEST_CUT_S", "120"))
BUILT = ("telegram", "camera", "inference", "notifier", "face_auth", "dashboard")
# What `docker compose up` starts, without the second replica of the profile.
EVERYTHING = ("redis", "identity", "face-models", *BUILT)


@pytest.fixture(scope="module")
def stack(new_stack: Callable[..., Containers]) -> Containers:
    """Every service, two cameras and an emulated Telegram."""
    stack = new_stack("hackai-test", profiles=["scale"])
    for image in BUILT:  # one after the other: a small machine has no room for all at once
        stack.compose("build", image, timeout_s=1800)
    stack.compose("up", "-d", "--wait", *EVERYTHING, timeout_s=600)
    return stack


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


def slow(service: str) -> object:
    return pytest.param(service, marks=pytest.mark.slow)


@pytest.mark.parametrize(
    "service", ["notifier", "redis", slow("inference"), slow("camera"), slow("face_auth"), slow("dashboard")]
)
def test_a_service_killed_during_an_incident_is_back_and_nothing_is_lost(stack: Containers, service: str) -> None:
    fresh_alarm(stack)
    restarts = stack.inspect(service)["RestartCount"]

    stack.kill(service)

    killed = time.monotonic()
    until(lambda: stack.inspect(service)["RestartCount"] > restarts, BACK_S, f"{service} restarted")
    until(lambda: stack.ready(service), BACK_S, f"{service} ready")
    ready = time.monotonic() - killed
    until(lambda: stack.healthy(service), BACK_S, f"{service} healthy")
    healthy = time.monotonic() - killed
    assert healthy < BACK_S
    all_delivered(stack)
    told = time.monotonic() - killed
    print(f"\n{service} killed: at work {ready:.1f} s, healthy {healthy:.1f} s, all told {told:.1f} s after")
    fresh_alarm(stack)
    all_delivered(stack)


@pytest.mark.slow
def test_what_happens_while_telegram_is_out_of_reach_is_told_afterwards(stack: Containers) -> None:
    network = f"{stack.project}_outside"
    stack.disconnect("telegram", network)
    until(lambda: stack.incidents() - stack.delivered(), 90, "an incident that cannot be delivered")
    time.sleep(CUT_S)  # the outage itself
    stack.connect("telegram", network)

    print(f"\nall told {all_delivered(stack, 90):.1f} s after the network was back")


@pytest.mark.slow
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
    begun = time.monotonic()
    stack.compose("up", "-d", "--wait", *EVERYTHING, timeout_s=600)
    print(f"\nup again, all healthy, in {time.monotonic() - begun:.1f} s")

    assert before <= stack.incidents()
    all_delivered(stack)
    fresh_alarm(stack)
