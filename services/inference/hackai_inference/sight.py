"""What one frame says at each place of its picture: classifier, detector, movement and rules together. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, List, Optional

import cv2
import numpy as np

from hackai_inference.cascade import DetectorTurns
from hackai_inference.confirmation import Look
from hackai_inference.judging import Judgement
from hackai_inference.liveliness import SAMPLES, Liveliness
from hackai_inference.localisation import without_specks
from hackai_inference.places import PLACES, scores_of_boxes, share_of_places
from hackai_inference.vigilance import Terms, Vigilance
from hackai_shared.config.detection import DetectorConfig
from hackai_shared.messages import Box

FIRE = "fire"
START_FIRE = "start_fire"


@dataclass(frozen=True)
class Sight:
    """One frame: ``look`` for the confirmation, the boxes to show, the terms of the hour.

    ``fire`` and ``start_fire`` are the scores at the places that count; together at most 1.
    """

    look: Look
    fire: float
    start_fire: float
    boxes: List[Box]
    terms: Terms


class CameraSight:
    """The eyes of one camera: what must be remembered from frame to frame."""

    def __init__(self, vigilance: Vigilance, detector: DetectorConfig) -> None:
        self._vigilance = vigilance
        self._turns = DetectorTurns(detector)
        self._life = Liveliness()

    def new_clock(self) -> None:
        """The camera restarted."""
        self._life.clear()

    def wants_boxes(self, judgement: Judgement, now: float) -> bool:
        """Return whether the detector should look at this frame too."""
        scores = judgement.result.probabilities
        return self._turns.due(now, suspicion=scores.get(FIRE, 0.0) + scores.get(START_FIRE, 0.0))

    def see(
        self,
        judgement: Judgement,
        found: Optional[List[Box]],
        now: float,
        at: datetime,
        *,
        width: int,
        height: int,
    ) -> Sight:
        """Return what a frame says.

        ``found``: the detector's boxes, None where it did not look; ``now`` stream time; ``at`` local time.
        """
        if found is not None:
            self._turns.note(found, now)
        boxes = [box for box in self._turns.boxes(now) if self._counts(box)]
        scores = judgement.result.probabilities
        p_fire, p_start = scores.get(FIRE, 0.0), scores.get(START_FIRE, 0.0)
        fire_map = judgement.activation({FIRE: 1.0}, width=width, height=height)
        any_map = judgement.activation({FIRE: p_fire, START_FIRE: p_start}, width=width, height=height)
        fire = np.maximum(p_fire * self._share(fire_map), scores_of_boxes(boxes, [FIRE]))
        smoke = np.maximum((p_fire + p_start) * self._share(any_map), scores_of_boxes(boxes, [FIRE, START_FIRE]))
        visible = ~self._vigilance.ignored
        fire_places, smoke_places = fire.reshape(PLACES) * visible, np.minimum(smoke.reshape(PLACES) * visible, 1.0)
        terms = self._vigilance.terms(at)
        life = self._life.add(_brightness(judgement.grey(width=width, height=height)), now)
        look = Look(
            stream_s=now,
            fire=fire_places,
            smoke=smoke_places,
            liveliness=life.reshape(PLACES),
            raised=terms.raised,
            extent=0.0 if any_map is None else float(any_map.mean()),
        )
        best_fire = float(fire_places.max())
        return Sight(
            look=look,
            fire=best_fire,
            start_fire=max(0.0, float(smoke_places.max()) - best_fire),
            boxes=boxes or self._cam_boxes(judgement, FIRE if p_fire >= p_start else START_FIRE, width, height),
            terms=terms,
        )

    def _share(self, activation: Optional["np.ndarray[Any, Any]"]) -> "np.ndarray[Any, Any]":
        if activation is None:
            return share_of_places(None)
        kept = without_specks(activation, self._vigilance.min_size)
        return share_of_places(kept) if kept.max() > 0.0 else np.zeros_like(share_of_places(None))

    def _cam_boxes(self, judgement: Judgement, label: str, width: int, height: int) -> List[Box]:
        return [box for box in judgement.boxes(label, width=width, height=height) if self._counts(box)]

    def _counts(self, box: Box) -> bool:
        large = (box.x2 - box.x1) * (box.y2 - box.y1) >= self._vigilance.min_size
        return large and not self._vigilance.is_ignored((box.x1 + box.x2) / 2, (box.y1 + box.y2) / 2)


def _brightness(grey: "np.ndarray[Any, Any]") -> "np.ndarray[Any, Any]":
    """Return ``(SAMPLES, SAMPLES) float32`` means of a grey picture ``(h, w) uint8``."""
    return cv2.resize(grey, (SAMPLES, SAMPLES), interpolation=cv2.INTER_AREA).astype(np.float32)
