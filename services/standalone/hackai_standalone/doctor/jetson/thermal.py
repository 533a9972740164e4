"""Is the board cool enough?"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from hackai_shared.jetson.thermal import hottest, read_zones
from hackai_standalone.doctor.finding import Finding, Patient

NAME = "thermal"
#: Here the inference service begins to give things up (hackai_inference.live.load_shedding, first level).
CLOSE_C = 8.0


def check(_patient: Patient, root: Path = Path("/")) -> Iterable[Finding]:
    """Look at the zone that is closest to being throttled."""
    zone = hottest(read_zones(root))
    if zone is None:
        yield Finding(NAME, "warning", "no temperature can be read", "ls /sys/class/thermal")
        return
    what = f"{zone.name} {zone.celsius:.0f} °C, throttled at {zone.limit_c:.0f} °C"
    if zone.headroom_c <= 0:
        yield Finding(NAME, "problem", what, "mend the fan: sudo nvpmodel -d cool; give the board air")
    elif zone.headroom_c < CLOSE_C:
        yield Finding(NAME, "warning", f"{what}: heat-maps are given up already", "sudo nvpmodel -d cool")
    else:
        yield Finding(NAME, "ok", what)
