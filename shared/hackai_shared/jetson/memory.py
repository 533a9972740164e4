"""Memory: CPU and GPU of a Jetson share it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Optional

_AVAILABLE = re.compile(r"^MemAvailable:\s+(\d+) kB", re.MULTILINE)


def parse_available_mb(text: str) -> Optional[int]:
    """Return the megabytes that ``/proc/meminfo`` calls available, None if it names none."""
    match = _AVAILABLE.search(text)
    return None if match is None else int(match.group(1)) // 1024


def read_available_mb(root: Path = Path("/")) -> Optional[int]:
    """Return the megabytes that are available on this host, also from inside a container."""
    try:
        return parse_available_mb((root / "proc/meminfo").read_text(encoding="ascii"))
    except OSError:
        return None
