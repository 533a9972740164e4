"""What is given up, and in which order, when the machine is hot or short of memory: never the alarm. Pure.

First the heat-map on the pictures of alarms, then the detector's scans of quiet cameras, then frames of quiet cameras.
A camera with the least reason for suspicion is looked at in full, whatever the machine suffers: better hot than blind.
The kernel throttles the clocks by itself at its limit; giving things up before keeps the latency of what matters.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Dict, Optional


class Level(IntEnum):
    """How much is given up; each level includes those before it."""

    NOTHING = 0
    HEAT_MAP = 1
    SCANS = 2
    FRAMES = 3


@dataclass(frozen=True)
class ResourceReading:
    """What the machine suffers; None where it does not tell."""

    headroom_c: Optional[float]
    """Degrees until the kernel throttles."""
    available_mb: Optional[int]


# The first level begins where the fan has lost, each further one closer to the kernel's own throttling. Not calibrated
# on a board: nobody had one. See the checklist in docs/jetson.md.
HEADROOM_C = {Level.HEAT_MAP: 8.0, Level.SCANS: 5.0, Level.FRAMES: 2.0}
# Below the last, the kernel's killer would choose for us; the largest process is this one.
AVAILABLE_MB = {Level.HEAT_MAP: 400, Level.SCANS: 250, Level.FRAMES: 150}
# So much better, for so long, before one level is taken back: otherwise it would swing.
MARGIN_C, MARGIN_MB, CALM_S = 3.0, 100, 30.0
SCAN_FACTOR = 3.0
# Five frames a second: a fire is still seen three times within the 0.6 s in which a suspicion begins.
QUIET_INTERVAL_S = 0.2


def level_of(strain: ResourceReading, *, margin_c: float = 0.0, margin_mb: int = 0) -> Level:
    """Return the level that a strain asks for, as if the machine had the margins less."""
    found = Level.NOTHING
    for level in (Level.HEAT_MAP, Level.SCANS, Level.FRAMES):
        hot = strain.headroom_c is not None and strain.headroom_c - margin_c < HEADROOM_C[level]
        short = strain.available_mb is not None and strain.available_mb - margin_mb < AVAILABLE_MB[level]
        if hot or short:
            found = level
    return found


class LoadShedding:
    """The present level, and what it means for each camera; all times on one monotonic clock."""

    def __init__(self, scan_every_s: float) -> None:
        self.level = Level.NOTHING
        self._scan_every_s = SCAN_FACTOR * scan_every_s
        self._calm_since: Optional[float] = None
        self._quiet: Dict[str, bool] = {}
        self._frame_at: Dict[str, float] = {}
        self._scan_at: Dict[str, float] = {}

    def observe(self, strain: ResourceReading, now: float) -> Level:
        """Take a measurement: up at once, down one level after it was calm with a margin for a while."""
        wanted = level_of(strain)
        if wanted >= self.level:
            self.level, self._calm_since = wanted, None
        elif level_of(strain, margin_c=MARGIN_C, margin_mb=MARGIN_MB) >= self.level:
            self._calm_since = None
        elif self._calm_since is None:
            self._calm_since = now
        elif now - self._calm_since >= CALM_S:
            self.level, self._calm_since = Level(self.level - 1), now
        return self.level

    def note(self, camera: str, *, quiet: bool) -> None:
        """Take down whether the last judged frame of a camera gave no reason at all for suspicion."""
        self._quiet[camera] = quiet

    @property
    def heat_map(self) -> bool:
        """Whether heat-maps are drawn."""
        return self.level < Level.HEAT_MAP

    def admits_frame(self, camera: str, now: float) -> bool:
        """Return whether a frame that has just come should be judged."""
        if self.level < Level.FRAMES or not self._quiet.get(camera, False):
            return True
        # A camera's clock is not ours: a frame that comes a little early must not wait for the next.
        if now - self._frame_at.get(camera, float("-inf")) < 0.9 * QUIET_INTERVAL_S:
            return False
        self._frame_at[camera] = now
        return True

    def admits_scan(self, camera: str, now: float) -> bool:
        """Return whether the detector may look at a camera, if the cascade wants it to."""
        if self.level < Level.SCANS or not self._quiet.get(camera, False):
            return True
        return now - self._scan_at.get(camera, float("-inf")) >= self._scan_every_s

    def scanned(self, camera: str, now: float) -> None:
        """Take down that the detector looked."""
        self._scan_at[camera] = now
