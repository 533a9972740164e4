"""Is the wall clock plausible? People read its times; decisions use the monotonic clock."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from hackai_standalone.doctor.finding import Finding, Patient

NAME = "clock"
OLDEST = datetime(2026, 1, 1, tzinfo=UTC)


def check(_patient: Patient) -> Iterable[Finding]:
    """Compare the clock with the age of this program: a board without a battery starts in the past."""
    now = datetime.now(UTC)
    if now < OLDEST:
        yield Finding(NAME, "warning", f"the clock says {now:%Y-%m-%d %H:%M} UTC", "timedatectl set-ntp true")
    else:
        yield Finding(NAME, "ok", f"the clock says {now:%Y-%m-%d %H:%M} UTC")
