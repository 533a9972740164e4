"""When the larger models look: often where there is reason to, seldom everywhere else. Pure."""

from __future__ import annotations

from typing import List, Optional

from hackai_inference.models.detectors import signs
from hackai_shared.config.detection import DetectorConfig, SecondOpinionConfig
from hackai_shared.messages import Box

# Boxes stay valid for so many intervals between two looks: then they are old news.
KEPT_INTERVALS = 3.0


class OpinionTurns:
    """When a second opinion is asked for at one camera; times are stream time in seconds."""

    def __init__(self, config: SecondOpinionConfig) -> None:
        self._config = config
        self._asked_s: Optional[float] = None
        self._suspicious_s: Optional[float] = None

    def due(self, now: float, *, suspicion: float) -> bool:
        """Return whether to ask now; ``suspicion``: the first model's probability of fire or smoke."""
        if self._asked_s is None or now < self._asked_s:
            self._suspicious_s = None
            return True
        self._note(suspicion, now)
        if self._suspicious_s is not None and now - self._suspicious_s <= self._config.kept_s:
            return True
        return now - self._asked_s >= self._config.scan_every_s

    def note(self, suspicion: float, now: float) -> None:
        """Take down what the opinion was; it is a reason to go on as well."""
        self._asked_s = now
        self._note(suspicion, now)

    def _note(self, suspicion: float, now: float) -> None:
        if suspicion >= self._config.suspicious_from:
            self._suspicious_s = now


class DetectorTurns:
    """The detector's turns at one camera, and what it found last; times are stream time in seconds."""

    def __init__(self, config: DetectorConfig) -> None:
        self._config = config
        self._looked_s: Optional[float] = None
        self._found: List[Box] = []

    def due(self, now: float, *, suspicion: float) -> bool:
        """Return whether the detector should look now; ``suspicion``: the classifier's probability of fire or smoke.

        What it found itself is a reason as well: a fire too small for the classifier is followed by its boxes alone.
        """
        if self._looked_s is None or now < self._looked_s:
            return True
        suspicious = suspicion >= self._config.suspicious_from or bool(signs(self._found))
        return now - self._looked_s >= (self._config.every_s if suspicious else self._config.scan_every_s)

    def note(self, boxes: List[Box], now: float) -> None:
        """Take down what a look found."""
        self._looked_s = now
        self._found = boxes

    def boxes(self, now: float) -> List[Box]:
        """Return what was found last, unless that is too long ago."""
        if self._looked_s is None or not 0.0 <= now - self._looked_s <= KEPT_INTERVALS * self._config.every_s:
            return []
        return self._found
