"""File descriptors of this process: as many as it may have, and whether they run out."""

from __future__ import annotations

import resource
from pathlib import Path

from hackai_shared.health import CheckResult

FOLDER = "/proc/self/fd"
# With the last few neither a connection nor a database can be opened.
SPARE = 16


def raise_limit() -> None:
    """Let this process have as many as the system allows it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 65_536 if hard == resource.RLIM_INFINITY else min(hard, 65_536)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def check() -> CheckResult:
    """Return whether some are left; a process that has used them all up is cured by a restart alone."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        used = sum(1 for _ in Path(FOLDER).iterdir())
    except FileNotFoundError:  # not Linux
        return CheckResult(True, "not counted here")
    except OSError as error:
        return CheckResult(False, f"no file descriptor is left: {error.strerror}")
    if soft != resource.RLIM_INFINITY and used > soft - SPARE:
        return CheckResult(False, f"{used} of {soft} file descriptors are in use")
    return CheckResult(True, f"{used} of {soft} file descriptors are in use")
