"""The memory that a process may take is found wherever it is written."""

from __future__ import annotations

from pathlib import Path
from typing import Dict, Optional

import pytest

from hackai_shared.memory_limit import VARIABLE, memory_limit

OLD = "sys/fs/cgroup/memory"
MEMINFO = {"proc/meminfo": "MemTotal:        8000000 kB\nMemFree: 1 kB\n"}
V2 = {"proc/self/cgroup": "0::/system.slice/hackai.service\n"}
V1 = {"proc/self/cgroup": "5:cpu,cpuacct:/docker/a\n4:memory:/docker/a\n"}


def lay(root: Path, files: Dict[str, str]) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="ascii")


@pytest.mark.parametrize(
    ("files", "setting", "expected"),
    [
        ({}, "", None),
        (MEMINFO, "", 8_192_000_000),
        (MEMINFO, "512", 512_000_000),
        ({**MEMINFO, **V2, "sys/fs/cgroup/memory.max": "536870912\n"}, "", 536_870_912),
        ({**MEMINFO, **V2, "sys/fs/cgroup/memory.max": "536870912\n"}, "4000", 536_870_912),
        ({**MEMINFO, **V2, "sys/fs/cgroup/system.slice/hackai.service/memory.max": "max\n"}, "", 8_192_000_000),
        ({**MEMINFO, **V2, "sys/fs/cgroup/system.slice/memory.max": "1000\n"}, "", 1_000),
        ({**MEMINFO, **V1, "sys/fs/cgroup/memory/memory.limit_in_bytes": "2000\n"}, "", 2_000),
        ({**MEMINFO, **V1, f"{OLD}/docker/a/memory.limit_in_bytes": "9223372036854771712\n"}, "", 8_192_000_000),
    ],
)
def test_the_least_of_all_counts(tmp_path: Path, files: Dict[str, str], setting: str, expected: Optional[int]) -> None:
    lay(tmp_path, files)

    assert memory_limit({VARIABLE: setting} if setting else {}, tmp_path) == expected


@pytest.mark.parametrize("setting", ["0", "much", "-5", "1.5"])
def test_a_setting_that_is_no_amount(tmp_path: Path, setting: str) -> None:
    with pytest.raises(ValueError, match="use whole megabytes"):
        memory_limit({VARIABLE: setting}, tmp_path)
