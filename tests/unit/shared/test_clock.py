"""The age of a frame, over clocks that jump."""

from __future__ import annotations

import time
from datetime import timedelta

from hackai_shared.clock import boot_id, frame_age_s
from hackai_shared.messages import FrameHeader, utc_now


def header(**changes: object) -> FrameHeader:
    fields = {
        "camera_id": "front",
        "epoch": "e",
        "sequence": 0,
        "captured_at": utc_now(),
        "stream_s": 0.0,
        "monotonic_s": time.monotonic(),
        "boot_id": boot_id(),
        "width": 4,
        "height": 3,
        **changes,
    }
    return FrameHeader.model_validate(fields)


def test_on_the_same_host_the_monotonic_clock_decides() -> None:
    yesterday = utc_now() - timedelta(days=1)

    age = frame_age_s(header(captured_at=yesterday, monotonic_s=time.monotonic() - 2))

    assert 2 <= age < 60


def test_across_hosts_the_wall_clock_decides_and_never_gives_a_negative_age() -> None:
    past, future = utc_now() - timedelta(seconds=3), utc_now() + timedelta(hours=1)

    assert 3 <= frame_age_s(header(boot_id="other", captured_at=past)) < 60
    assert frame_age_s(header(boot_id="other", captured_at=future)) == 0
