"""Under which conditions it was measured; a figure without them means nothing."""

from __future__ import annotations

import os
import platform
import re
from pathlib import Path
from typing import Dict, Optional

from pydantic import BaseModel, ConfigDict, Field

from hackai_shared.jetson.memory import read_available_mb
from hackai_shared.jetson.power import read_clocks, read_power_mode
from hackai_shared.jetson.release import Release, ReleaseError
from hackai_shared.jetson.thermal import hottest, read_zones

_MODEL_NAME = re.compile(r"^model name\s*:\s*(.+)$", re.MULTILINE)


class Conditions(BaseModel):
    """The machine as it was at one moment; what it does not tell is None or missing."""

    model_config = ConfigDict(frozen=True, allow_inf_nan=False)

    machine: str
    cores: int
    python: str
    l4t: Optional[str] = None
    power_mode: Optional[str] = None
    clocks_mhz: Dict[str, int] = Field(default_factory=dict)
    clock_limits_mhz: Dict[str, int] = Field(default_factory=dict)
    temperatures_c: Dict[str, float] = Field(default_factory=dict)
    throttle_at_c: Optional[float] = Field(None, description="limit of the zone that is closest to it")
    load_1min: float = Field(0.0, description="other work on the machine moves every figure")
    available_mb: Optional[int] = None

    def summary(self) -> str:
        """Return one line for people."""
        parts = [self.machine, f"{self.cores} cores"]
        if self.l4t:
            parts.append(f"L4T {self.l4t}")
        if self.power_mode:
            parts.append(f"power mode {self.power_mode}")
        parts += [f"{name} {mhz}/{self.clock_limits_mhz[name]} MHz" for name, mhz in self.clocks_mhz.items()]
        if self.temperatures_c:
            parts.append(f"{max(self.temperatures_c.values()):.0f} °C")
        parts.append(f"load {self.load_1min:.1f}")
        return ", ".join(parts)


def read_conditions(root: Path = Path("/")) -> Conditions:
    """Return the conditions now."""
    clocks, zones = read_clocks(root), read_zones(root)
    mode, closest = read_power_mode(root), hottest(zones)
    try:
        release = Release.of_this_host(root)
    except ReleaseError:
        release = None
    return Conditions(
        machine=_machine(root),
        cores=os.cpu_count() or 1,
        python=platform.python_version(),
        l4t=None if release is None else str(release),
        power_mode=None if mode is None else str(mode),
        clocks_mhz={clock.name: clock.mhz for clock in clocks},
        clock_limits_mhz={clock.name: clock.max_mhz for clock in clocks},
        temperatures_c={zone.name: zone.celsius for zone in zones},
        throttle_at_c=None if closest is None else closest.limit_c,
        load_1min=round(os.getloadavg()[0], 2),
        available_mb=read_available_mb(root),
    )


def _machine(root: Path) -> str:
    try:
        return (root / "proc/device-tree/model").read_text(encoding="utf-8").rstrip("\0\n")
    except OSError:
        pass
    try:
        match = _MODEL_NAME.search((root / "proc/cpuinfo").read_text(encoding="utf-8"))
    except OSError:
        match = None
    return match.group(1).strip() if match else platform.machine()
