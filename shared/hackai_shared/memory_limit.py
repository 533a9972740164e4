"""How much memory this process may take: its setting, its container's limit, or what the machine has."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Iterator, Mapping, Optional

# Overrules what is found: megabytes, for machines on which other programs need their share.
VARIABLE = "HACKAI_MEMORY_LIMIT_MB"
_TOTAL = re.compile(r"^MemTotal:\s+(\d+) kB", re.MULTILINE)


def memory_limit(environment: Optional[Mapping[str, str]] = None, root: Path = Path("/")) -> Optional[int]:
    """Return the bytes that may be taken: the least of setting, control groups and the machine's memory; None: unknown.

    Raises:
        ValueError: the setting is no positive whole number.
    """
    given = (os.environ if environment is None else environment).get(VARIABLE, "")
    if given and not (given.isdecimal() and int(given) > 0):
        raise ValueError(f"{VARIABLE}: use whole megabytes, such as 512, not {given!r}")
    limits = [*([int(given) * 1_000_000] if given else []), *_of_control_groups(root), *_of_machine(root)]
    return min(limits, default=None)


def _of_control_groups(root: Path) -> Iterator[int]:
    base = root / "sys/fs/cgroup"
    for line in _text(root / "proc/self/cgroup").splitlines():
        _, controllers, name = [*line.split(":", 2), "", ""][:3]
        if controllers not in ("", "memory") and "memory" not in controllers.split(","):
            continue
        top = base if controllers == "" else base / "memory"
        file = "memory.max" if controllers == "" else "memory.limit_in_bytes"
        # Inside a container the path may be the host's: then the top is the container's own.
        here = top / name.strip("/")
        for folder in [here, *here.parents]:
            value = _text(folder / file).strip()
            if value.isdecimal():
                yield int(value)
            if folder == top:
                break


def _of_machine(root: Path) -> Iterator[int]:
    found = _TOTAL.search(_text(root / "proc/meminfo"))
    if found is not None:
        yield int(found.group(1)) * 1024


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
