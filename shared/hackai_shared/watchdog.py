"""Ends the process when its own work stalls, so that whoever restarts processes gets something to restart.

A thread of its own: a blocked event loop, a deadlock or a call that never returns cannot stop it. What it cannot see
is a process that is stopped as a whole (SIGSTOP, a paused container): that is noticed from outside.
"""

from __future__ import annotations

import faulthandler
import os
import sys
import threading
import time
from typing import Callable, Dict, Optional

import structlog

log = structlog.get_logger(__name__)

# EX_TEMPFAIL-like, and told apart from the statuses of a failed task (1) and of a wrong configuration (78).
STALLED_STATUS = 75
LOOP_STALL_S = 15.0
# How long a check of the process's own work may fail before it is given up.
STUCK_S = 10.0
STOP_S = 11.0
LOOK_EVERY_S = 1.0
# A look that comes so late says that this whole process was stopped or the machine suspended: everybody gets time.
OVERSLEPT_S = 5.0


class StallJudge:
    """Decides when a process has stalled. Pure; seconds of one steady clock."""

    def __init__(
        self, now: float, *, loop_stall_s: float = LOOP_STALL_S, stuck_s: float = STUCK_S, stop_s: float = STOP_S
    ) -> None:
        self._loop_stall_s = loop_stall_s
        self._stuck_s = stuck_s
        self._stop_s = stop_s
        self._beat = now
        self._looked = now
        self._stuck_since: Optional[float] = None
        self._stopping_since: Optional[float] = None

    def beat(self, now: float) -> None:
        """Note that the event loop turned."""
        self._beat = now

    def stop(self, now: float) -> None:
        """Note that the process was asked to end."""
        if self._stopping_since is None:
            self._stopping_since = now

    def look(self, now: float, stuck: Dict[str, str]) -> Optional[str]:
        """Return why the process has to end; None: it works. ``stuck``: own checks that fail, with their words."""
        overslept = now - self._looked > OVERSLEPT_S
        self._looked = now
        if overslept:
            self._beat, self._stuck_since = now, None
            return None
        if self._stopping_since is not None:
            if now - self._stopping_since > self._stop_s:
                return f"it was asked to stop {now - self._stopping_since:.0f} s ago"
            return None
        if now - self._beat > self._loop_stall_s:
            return f"the event loop has not turned for {now - self._beat:.0f} s"
        if not stuck:
            self._stuck_since = None
            return None
        self._stuck_since = now if self._stuck_since is None else self._stuck_since
        if now - self._stuck_since > self._stuck_s:
            return "; ".join(f"{name}: {words}" for name, words in stuck.items())
        return None


class Watchdog:
    """The thread around :class:`StallJudge`."""

    def __init__(
        self,
        stuck: Callable[[], Dict[str, str]],
        *,
        judge: Optional[StallJudge] = None,
        end: Optional[Callable[[str], None]] = None,
    ) -> None:
        self._stuck = stuck
        self._judge = judge or StallJudge(time.monotonic())
        self._end = end or _end
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watchdog", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def beat(self) -> None:
        """Note that the event loop turned; called by it."""
        self._judge.beat(time.monotonic())

    def stopping(self) -> None:
        """Note that the process was asked to end: from now on only that is watched."""
        self._judge.stop(time.monotonic())

    def close(self) -> None:
        """Watch no more."""
        self._done.set()

    def _run(self) -> None:
        while not self._done.wait(LOOK_EVERY_S):
            reason = self._judge.look(time.monotonic(), self._stuck())
            if reason is not None:
                self._end(reason)
                return


def _end(reason: str) -> None:
    log.critical("stalled, ending the process so that it is restarted", reason=reason)
    faulthandler.dump_traceback(sys.stderr, all_threads=True)
    sys.stderr.flush()
    os._exit(STALLED_STATUS)
