"""Temperatures from the kernel's thermal zones, and how far each is from being throttled."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import List, Optional

# CPU-therm, GPU-therm, AUX-therm, AO-therm of a Xavier. Not PMIC-Die, a constant 100 degrees; not thermal-fan-est,
# a weighted mean; and no zone of a PC, whose processors are made to run at their limit.
_JETSON_ZONE = re.compile(r"^(CPU|GPU|AUX|AO|PLL|SOC\d|CV\d|Tboard|tj)[-_]?(therm|thermal|tegra)?$", re.IGNORECASE)
#: Where the kernel names no passive trip point: below the limits of every Xavier and Orin module.
FALLBACK_LIMIT_C = 90.0


@dataclass(frozen=True)
class Zone:
    """A thermal zone: its temperature, and the one at which the kernel slows the chip down; degrees Celsius."""

    name: str
    celsius: float
    limit_c: float = FALLBACK_LIMIT_C

    @property
    def headroom_c(self) -> float:
        """Degrees until it is throttled; negative beyond."""
        return self.limit_c - self.celsius


def is_jetson_zone(name: str) -> bool:
    """Return whether a zone measures a Jetson's chip."""
    return _JETSON_ZONE.match(name) is not None


def read_zones(root: Path = Path("/")) -> List[Zone]:
    """Return the zones of a Jetson's chip; none on other machines. A zone that cannot be read now is left out."""
    folders = sorted((root / "sys/class/thermal").glob("thermal_zone*"))
    return [zone for folder in folders for zone in [_zone(folder)] if zone is not None]


def hottest(zones: List[Zone]) -> Optional[Zone]:
    """Return the zone that is closest to its limit."""
    return min(zones, key=lambda zone: zone.headroom_c) if zones else None


def _zone(folder: Path) -> Optional[Zone]:
    try:
        name = (folder / "type").read_text(encoding="utf-8").strip()
        if not is_jetson_zone(name):
            return None
        celsius = int((folder / "temp").read_text()) / 1000
    except (OSError, ValueError):  # a sensor of a part that is switched off answers EAGAIN
        return None
    return Zone(name, celsius, _passive_limit(folder))


def _passive_limit(folder: Path) -> float:
    limits = []
    for kind in folder.glob("trip_point_*_type"):
        try:
            if kind.read_text(encoding="utf-8").strip() == "passive":
                limits.append(int((folder / kind.name.replace("_type", "_temp")).read_text()) / 1000)
        except (OSError, ValueError):
            continue
    plausible = [limit for limit in limits if 60.0 <= limit <= 110.0]
    return min(plausible) if plausible else FALLBACK_LIMIT_C
