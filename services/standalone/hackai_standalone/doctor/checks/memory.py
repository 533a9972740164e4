"""Is there enough memory?"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from hackai_standalone.doctor.finding import Finding, Patient

NAME = "memory"
# Camera, inference, notifier and Redis together stay below 500 MB (measured: see the benchmarks in README.md).
NEEDED_MB = 600


def check(_patient: Patient) -> Iterable[Finding]:
    """Look at what the kernel says is available."""
    try:
        text = Path("/proc/meminfo").read_text(encoding="ascii")
    except OSError:
        return
    match = re.search(r"^MemAvailable:\s+(\d+) kB", text, re.MULTILINE)
    if match is None:
        return
    available_mb = int(match.group(1)) // 1024
    if available_mb < NEEDED_MB:
        yield Finding(NAME, "warning", f"{available_mb} MB available, {NEEDED_MB} wanted", "stop other programs")
    else:
        yield Finding(NAME, "ok", f"{available_mb} MB available")
