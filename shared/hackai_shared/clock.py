"""Clocks: ages between processes without trusting the wall clock (a Xavier NX has no clock battery)."""

from __future__ import annotations

import time
from functools import lru_cache
from pathlib import Path

from hackai_shared.messages import FrameHeader, utc_now


@lru_cache(maxsize=None)
def boot_id() -> str:
    """Return the id of this host's current boot: monotonic clocks are comparable only within one."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return "unknown"


def frame_age_s(header: FrameHeader) -> float:
    """Return the age of a frame in seconds, never negative.

    On the capturing host the monotonic clock decides; across hosts there is only the wall clock, and a clock that
    jumped shows as age 0 rather than as a negative one.
    """
    if header.boot_id == boot_id() and header.boot_id != "unknown":
        return max(0.0, time.monotonic() - header.monotonic_s)
    return max(0.0, (utc_now() - header.captured_at).total_seconds())
