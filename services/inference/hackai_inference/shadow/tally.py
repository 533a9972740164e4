"""What two models said of the same frames, counted. Pure."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import Counter as CounterType
from typing import Mapping, Optional, Tuple

# What raises an alarm; everything else is harmless.
ALARMING = ("fire", "start_fire")
# Two-sided 95 %.
Z = 1.96


@dataclass(frozen=True)
class Disagreement:
    """One frame that the two models see differently; probabilities of alarm, 0-1."""

    active_label: str
    other_label: str
    active_alarm: float
    other_alarm: float

    @property
    def strength(self) -> float:
        """How far apart they are, 0-1."""
        return abs(self.active_alarm - self.other_alarm)


class Tally:
    """Counts frames of two models; a disagreement is a different answer to "alarm or not?"."""

    def __init__(self) -> None:
        self.compared = 0
        self.disagreed = 0
        self.failures = 0
        self.active_alarms = 0
        self.other_alarms = 0
        self.labels: CounterType[Tuple[str, str]] = Counter()
        self._distance = 0.0

    def note(self, active: Mapping[str, float], other: Mapping[str, float]) -> Optional[Disagreement]:
        """Count the probabilities of one frame; return the disagreement, None where they agree."""
        found = Disagreement(_best(active), _best(other), _alarm(active), _alarm(other))
        self.compared += 1
        self.active_alarms += found.active_alarm >= 0.5
        self.other_alarms += found.other_alarm >= 0.5
        self.labels[(found.active_label, found.other_label)] += 1
        self._distance += found.strength
        if (found.active_alarm >= 0.5) == (found.other_alarm >= 0.5):
            return None
        self.disagreed += 1
        return found

    def fail(self) -> None:
        """Count a frame that the other model could not judge."""
        self.failures += 1

    @property
    def mean_distance(self) -> float:
        """Mean difference of the probability of alarm, 0-1."""
        return self._distance / self.compared if self.compared else 0.0

    @property
    def rate(self) -> float:
        """Share of compared frames on which they disagree, 0-1."""
        return self.disagreed / self.compared if self.compared else 0.0

    def bounds(self) -> Tuple[float, float]:
        """Return the 95 % interval of the rate (Wilson, 1927); (0, 1) where nothing was compared."""
        n = self.compared
        if not n:
            return 0.0, 1.0
        centre = (self.rate + Z * Z / (2 * n)) / (1 + Z * Z / n)
        half = Z / (1 + Z * Z / n) * math.sqrt(self.rate * (1 - self.rate) / n + Z * Z / (4 * n * n))
        return max(0.0, centre - half), min(1.0, centre + half)


def _alarm(probabilities: Mapping[str, float]) -> float:
    return sum(probabilities.get(label, 0.0) for label in ALARMING)


def _best(probabilities: Mapping[str, float]) -> str:
    return max(probabilities, key=lambda label: probabilities[label])
