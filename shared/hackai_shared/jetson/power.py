"""Power mode and clocks: a figure of speed without them means nothing on a Jetson."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import List, Optional

_MODE = re.compile(r"NV Power Mode:\s*(\S+)\s*\n\s*(\d+)")
_STATUS = re.compile(r"pmode:(\d+)")
NVPMODEL = "/usr/sbin/nvpmodel"
#: Mode 8 of a Xavier NX: 20 W, all six cores, the fastest.
FASTEST_XAVIER_NX = "MODE_20W_6CORE"


@dataclass(frozen=True)
class PowerMode:
    """An nvpmodel mode; the name is empty where only its number is known."""

    number: int
    name: str = ""

    def __str__(self) -> str:
        return f"{self.number} ({self.name})" if self.name else str(self.number)


@dataclass(frozen=True)
class Clock:
    """One clock in MHz, and the highest that the present power mode allows."""

    name: str
    mhz: int
    max_mhz: int

    @property
    def pinned(self) -> bool:
        """Whether it runs at its limit, as after ``jetson_clocks``."""
        return self.mhz >= self.max_mhz


def parse_nvpmodel(text: str) -> Optional[PowerMode]:
    """Return the mode in what ``nvpmodel -q`` prints, None if there is none."""
    match = _MODE.search(text)
    return None if match is None else PowerMode(int(match.group(2)), match.group(1))


def parse_nvpmodel_status(text: str) -> Optional[PowerMode]:
    """Return the mode in ``/var/lib/nvpmodel/status`` (``pmode:0008``), None if there is none."""
    match = _STATUS.search(text)
    return None if match is None else PowerMode(int(match.group(1)))


def read_power_mode(root: Path = Path("/")) -> Optional[PowerMode]:
    """Return the power mode: from nvpmodel where it is there (the host), else from the file it keeps (a container)."""
    tool = shutil.which(NVPMODEL) if root == Path("/") else None
    if tool is not None:
        try:
            answer = subprocess.run([tool, "-q"], capture_output=True, text=True, timeout=5, check=False)  # noqa: S603
            mode = parse_nvpmodel(answer.stdout)
        except (OSError, subprocess.TimeoutExpired):
            mode = None
        if mode is not None:
            return mode
    try:
        return parse_nvpmodel_status((root / "var/lib/nvpmodel/status").read_text(encoding="utf-8"))
    except OSError:
        return None


def read_clocks(root: Path = Path("/")) -> List[Clock]:
    """Return the clocks of the CPU (the slowest core that is on) and of a Jetson's GPU, as far as the kernel tells."""
    cores = [
        clock
        for folder in sorted((root / "sys/devices/system/cpu").glob("cpu[0-9]*/cpufreq"))
        for clock in [_clock("cpu", folder, "scaling_cur_freq", "scaling_max_freq", 1_000)]
        if clock is not None
    ]
    clocks = [min(cores, key=lambda clock: clock.mhz)] if cores else []
    for folder in sorted((root / "sys/class/devfreq").glob("*.g[vap]1*b")):  # gv11b: Xavier; gp10b: TX2; ga10b: Orin
        gpu = _clock("gpu", folder, "cur_freq", "max_freq", 1_000_000)
        if gpu is not None:
            clocks.append(gpu)
    return clocks


def _clock(name: str, folder: Path, now: str, limit: str, unit: int) -> Optional[Clock]:
    try:
        return Clock(name, int((folder / now).read_text()) // unit, int((folder / limit).read_text()) // unit)
    except (OSError, ValueError):
        return None
