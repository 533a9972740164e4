"""What counts where and when in front of one camera: masks, zones, schedules, threshold, budget. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, List, Optional

import numpy as np

from hackai_inference.decision.evidence import raised_reference
from hackai_inference.decision.places import PLACES, SIDE, covered
from hackai_shared.config.detection import ConfirmationConfig
from hackai_shared.config.time_of_day import TimeOfDay
from hackai_shared.config.watching import DAYS, CameraDetectionConfig, ScheduleConfig
from hackai_shared.messages import Budget
from hackai_shared.serving.manifest import InputSpec


@dataclass(frozen=True)
class Terms:
    """What holds at one moment: the logits by which references are raised at each place ``(PLACES,)``, and why."""

    raised: "np.ndarray[Any, Any]"
    schedules: List[ScheduleConfig]


class CameraRules:
    """The rules of one camera."""

    def __init__(self, rules: CameraDetectionConfig, confirmation: ConfirmationConfig) -> None:
        self._rules = rules
        self._reference = confirmation.fire_reference
        self.min_size = rules.min_size
        self.ignored = covered(list(rules.masks.values())).reshape(PLACES)
        self._zones = {name: covered([zone.polygon]).reshape(PLACES) for name, zone in rules.zones.items()}
        self._always = np.full(PLACES, self._logits(rules.threshold))
        for name, zone in rules.zones.items():
            if zone.threshold is not None:
                self._raise(self._always, self._logits(zone.threshold), name)

    def terms(self, at: datetime) -> Terms:
        """Return what holds at ``at``, a time with the time zone that the schedules are meant in."""
        now = [schedule for schedule in self._rules.schedules if in_force(schedule, at)]
        if not now:
            return Terms(self._always, [])
        raised = self._always.copy()
        for schedule in now:
            self._raise(raised, self._logits(schedule.threshold), schedule.zone)
        return Terms(raised, now)

    def threshold(self, terms: Terms, place: int) -> float:
        """Return the steady score of fire that counts at a place."""
        return float(raised_reference(self._reference, terms.raised[place]))

    def raised_by(self, terms: Terms, place: int) -> List[str]:
        """Return the names of the schedules that hold at a place."""
        return [item.name for item in terms.schedules if item.zone is None or self._zones[item.zone][place]]

    def hidden(self, spec: InputSpec, *, width: int, height: int) -> Optional["np.ndarray[Any, Any]"]:
        """Return ``(spec.height, spec.width) bool``: the pixels of the model's input that the masks hide; None: none.

        A fire behind a mask must not lend its probability to the rest of the picture, so it is hidden from the model.
        """
        if not self._rules.masks:
            return None
        polygons = list(self._rules.masks.values())
        if spec.resize == "stretch":
            return covered(polygons, width=spec.width, height=spec.height)
        scale = min(spec.height / height, spec.width / width)
        rows, columns = max(1, round(height * scale)), max(1, round(width * scale))
        top, left = (spec.height - rows) // 2, (spec.width - columns) // 2
        hidden = np.zeros((spec.height, spec.width), bool)
        hidden[top : top + rows, left : left + columns] = covered(polygons, width=columns, height=rows)
        return hidden

    def budget(self, judges: str) -> Optional[Budget]:
        """Return the declared budget, if it was measured with these models, see :attr:`Judgement.judges`."""
        declared = self._rules.budget
        if declared is None or declared.model != judges:
            return None
        return Budget(**declared.model_dump(exclude={"model"}))

    def is_ignored(self, x: float, y: float) -> bool:
        """Return whether the masks hide a point (relative coordinates)."""
        row, column = min(SIDE - 1, int(y * SIDE)), min(SIDE - 1, int(x * SIDE))
        return bool(self.ignored[row * SIDE + column])

    def _logits(self, threshold: Optional[float]) -> float:
        return 0.0 if threshold is None else _logit(threshold) - _logit(self._reference)

    def _raise(self, raised: "np.ndarray[Any, Any]", logits: float, zone: Optional[str]) -> None:
        where = np.ones(PLACES, bool) if zone is None else self._zones[zone]
        raised[where] = np.maximum(raised[where], logits)


def in_force(schedule: ScheduleConfig, at: datetime) -> bool:
    """Return whether a schedule holds at a local time; one that ends after midnight belongs to the day it begins on."""
    clock = TimeOfDay.of(at)
    today, yesterday = DAYS[at.weekday()], DAYS[(at - timedelta(days=1)).weekday()]
    if schedule.start < schedule.end:
        return today in schedule.days and schedule.start <= clock < schedule.end
    evening = today in schedule.days and clock >= schedule.start
    return evening or (yesterday in schedule.days and clock < schedule.end)


def _logit(probability: float) -> float:
    return math.log(probability / (1.0 - probability))
