"""What a camera would have told at each of several thresholds. Pure: looks in, counts out."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import List, Optional, Sequence

import numpy as np

from hackai_inference.decision.confirmation import Confirmation, FrameScores
from hackai_inference.decision.places import PLACES
from hackai_shared.config.detection import ConfirmationConfig
from hackai_shared.serving.gate_report import CALIBRATION_THRESHOLDS

# A longer pause between two frames was not watched.
PAUSE_S = 5.0
# The steps of an incident that ring: each of them is an alarm that a budget has to pay for.
RINGS = ("opened", "further")


@dataclass(frozen=True)
class Alarm:
    """An incident that would have been opened, at ``at_s`` of stream time, under a threshold."""

    threshold: float
    at_s: float
    label: str


class Trial:
    """The confirmation of one camera, at every threshold beside each other."""

    def __init__(self, config: ConfirmationConfig, thresholds: Sequence[float] = CALIBRATION_THRESHOLDS) -> None:
        self._raised = {threshold: _logit(threshold) - _logit(config.fire_reference) for threshold in thresholds}
        self._states = {threshold: Confirmation(config, PLACES) for threshold in thresholds}
        self._last_s: Optional[float] = None
        self.alarms: List[Alarm] = []
        self.frames = 0
        self.watched_s = 0.0

    def add(self, look: FrameScores) -> List[Alarm]:
        """Add a frame; return the incidents that it would have opened."""
        if self._last_s is not None and 0.0 < look.stream_s - self._last_s <= PAUSE_S:
            self.watched_s += look.stream_s - self._last_s
        self._last_s = look.stream_s
        self.frames += 1
        opened = []
        for threshold, state in self._states.items():
            # Rules of the camera that raise a place further stay in force.
            raised = np.maximum(np.asarray(look.raised), self._raised[threshold])
            verdict = state.observe(replace(look, raised=raised))
            opened += [Alarm(threshold, step.at_s, step.label) for step in verdict.transitions if step.change in RINGS]
        self.alarms += opened
        return opened

    def new_clock(self) -> None:
        """The camera restarted: the next frame's time cannot be compared with the last one's."""
        self._last_s = None
        for state in self._states.values():
            state.new_clock()

    def count(self, threshold: float) -> int:
        """Return how many incidents a threshold would have opened."""
        return sum(alarm.threshold == threshold for alarm in self.alarms)

    def first_s(self, threshold: float) -> Optional[float]:
        """Return when a threshold would have opened its first incident; None: never."""
        return min((alarm.at_s for alarm in self.alarms if alarm.threshold == threshold), default=None)

    @property
    def thresholds(self) -> List[float]:
        """The thresholds, from eager to reluctant."""
        return sorted(self._states)


def _logit(probability: float) -> float:
    return math.log(probability / (1.0 - probability))
