"""A full disk under the notifier: people are told all the same, it says why it is not ready, the rest comes later."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable

import pytest

from compose.containers import OVERRIDE, Containers, until

pytestmark = [pytest.mark.compose, pytest.mark.slow, pytest.mark.timeout(900)]

SERVICES = ("redis", "identity", "telegram", "inference", "notifier", "camera")


@pytest.fixture(scope="module")
def stack(new_stack: Callable[..., Containers]) -> Containers:
    """The road of an alarm, with 3 MB for the notifier."""
    stack = new_stack("hackai-full", files=(OVERRIDE, "tests/compose/full_disk.override.yml"))
    for image in ("telegram", "camera", "inference", "notifier"):  # a small machine has no room for all at once
        stack.compose("build", image, timeout_s=1800)
    stack.compose("up", "-d", "--wait", *SERVICES)
    return stack


def fill(stack: Containers) -> None:
    """Leave no byte free on the volume."""
    subprocess.run(
        ["docker", "exec", stack.container("notifier"), "dd", "if=/dev/zero", "of=/data/ballast", "bs=4k"],
        check=False,  # it ends with "no space left on device"
        capture_output=True,
    )


def test_an_alarm_is_told_while_the_disk_is_full_and_the_rest_afterwards(stack: Containers) -> None:
    until(lambda: stack.delivered("photo"), 120, "a first alarm with its photo")
    before = stack.incidents()
    heard = len(stack.texts())

    fill(stack)
    until(lambda: stack.incidents() - before, 120, "an incident while the disk is full")
    told = until(lambda: len(stack.texts()) > heard, 30, "its text")

    print(f"\ntold {told:.1f} s after it was seen in the stream, without the outbox")
    until(lambda: not stack.ready("notifier"), 30, "readiness fails")
    (database,) = (check for check in stack.readiness("notifier")["checks"] if check["name"] == "database")
    assert not database["ok"]
    assert "disk is full" in database["detail"]

    stack.compose("exec", "-T", "notifier", "rm", "/data/ballast")

    room = time.monotonic()
    until(lambda: stack.ready("notifier"), 60, "ready again")
    print(f"ready {time.monotonic() - room:.1f} s after there was room")
    owed = stack.incidents()
    for step in ("text", "photo", "clip"):
        until(lambda step=step: owed <= stack.delivered(step), 120, f"the {step} of all {len(owed)} incidents")
    print(f"everything owed was delivered {time.monotonic() - room:.1f} s after there was room")
