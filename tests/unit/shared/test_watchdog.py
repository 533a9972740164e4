"""A process whose own work stalls ends itself."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import List

from hackai_shared.health import CheckResult, Health
from hackai_shared.watchdog import STALLED_STATUS, StallJudge, Watchdog

BLOCKED = """
import time
from hackai_shared.watchdog import StallJudge, Watchdog
watchdog = Watchdog(dict, judge=StallJudge(time.monotonic(), loop_stall_s=0.5))
watchdog.start()
time.sleep(60)
"""


def test_an_event_loop_that_does_not_turn_is_a_stall() -> None:
    judge = StallJudge(0.0, loop_stall_s=3.0)
    for now in (1.0, 2.0, 3.0):
        assert judge.look(now, {}) is None
    assert judge.look(4.0, {}) == "the event loop has not turned for 4 s"
    judge.beat(4.5)
    assert judge.look(5.0, {}) is None


def test_a_check_of_its_own_work_has_to_fail_for_a_while() -> None:
    judge = StallJudge(0.0, loop_stall_s=100.0, stuck_s=2.0)
    stuck = {"frames": "none was judged for 12 s"}
    assert judge.look(1.0, stuck) is None
    assert judge.look(2.0, {}) is None
    assert judge.look(3.0, stuck) is None
    assert judge.look(4.0, stuck) is None
    assert judge.look(6.0, stuck) == "frames: none was judged for 12 s"


def test_after_the_machine_slept_everybody_gets_time() -> None:
    judge = StallJudge(0.0, loop_stall_s=3.0)
    assert judge.look(1000.0, {}) is None
    assert judge.look(1001.0, {}) is None


def test_a_stop_is_bounded_and_excuses_everything_else() -> None:
    judge = StallJudge(0.0, loop_stall_s=1.0, stuck_s=1.0, stop_s=4.0)
    judge.stop(0.0)
    judge.stop(3.0)
    for now in (1.0, 2.0, 3.0, 4.0):
        assert judge.look(now, {"frames": "stuck"}) is None
    assert judge.look(5.0, {}) == "it was asked to stop 5 s ago"


def test_only_own_checks_mean_that_the_process_is_stuck() -> None:
    health = Health()
    health.add("camera", lambda: CheckResult(False, "away"))
    health.add("frames", lambda: CheckResult(True, "judged"), own=True)
    assert health.stuck() == {}
    health.add("frames", lambda: CheckResult(False, "not judged"), own=True)
    assert health.stuck() == {"frames": "not judged"}


def test_the_thread_reports_once() -> None:
    reasons: List[str] = []
    watchdog = Watchdog(
        lambda: {"work": "stuck"}, judge=StallJudge(time.monotonic() - 1.5, stuck_s=-1.0), end=reasons.append
    )
    watchdog.start()
    watchdog._thread.join(5)
    assert reasons == ["work: stuck"]


def test_a_blocked_process_ends_with_its_own_status_and_says_where_it_hung() -> None:
    ended = subprocess.run([sys.executable, "-c", BLOCKED], check=False, capture_output=True, text=True, timeout=30)
    assert ended.returncode == STALLED_STATUS
    assert "time.sleep(60)" in ended.stderr or "line 6 in <module>" in ended.stderr


def test_a_check_that_is_added_anew_may_lose_its_claim() -> None:
    health, name = Health(), "frames"
    health.add(name, lambda: CheckResult(False, "x"), own=True)
    health.add(name, lambda: CheckResult(False, "x"))
    assert not health.is_own(name)
    assert health.stuck() == {}
