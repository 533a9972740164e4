"""Does the board run as fast as it could?"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from hackai_shared.jetson.power import FASTEST_XAVIER_NX, read_clocks, read_power_mode
from hackai_standalone.doctor.finding import Finding, Patient

NAME = "power"


def check(_patient: Patient, root: Path = Path("/")) -> Iterable[Finding]:
    """Look at the power mode and at the clocks."""
    mode = read_power_mode(root)
    if mode is None:
        yield Finding(NAME, "warning", "the power mode is unknown", "sudo nvpmodel -q")
    elif mode.number == 8 or mode.name == FASTEST_XAVIER_NX:
        yield Finding(NAME, "ok", f"power mode {mode}")
    else:
        yield Finding(
            NAME,
            "warning",
            f"power mode {mode}; mode 8 (20 W, 6 cores) is the fastest of a Xavier NX",
            "sudo nvpmodel -m 8",
        )
    clocks = read_clocks(root)
    slow = [f"{clock.name} {clock.mhz} of {clock.max_mhz} MHz" for clock in clocks if not clock.pinned]
    if slow:
        yield Finding(NAME, "ok", f"clocks follow the load: {', '.join(slow)}; for steady figures: sudo jetson_clocks")
    elif clocks:
        yield Finding(NAME, "ok", "clocks run at their limit")
