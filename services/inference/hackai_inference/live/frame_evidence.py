"""What one frame says at each place of its picture: classifier, detector, movement and rules together. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Dict, List, Optional, Tuple

import cv2
import numpy as np

from hackai_inference.decision.camera_rules import CameraRules, Terms
from hackai_inference.decision.confirmation import FrameScores
from hackai_inference.decision.liveliness import SAMPLES, Liveliness
from hackai_inference.decision.places import PLACES, scores_of_boxes, share_of_places
from hackai_inference.live.turns import DetectorTurns, OpinionTurns
from hackai_inference.models.detectors import signs
from hackai_inference.models.judgement import FIRE, START_FIRE, Judgement
from hackai_inference.models.localization import without_specks
from hackai_shared.config.detection import InferenceConfig
from hackai_shared.messages import Box
from hackai_shared.serving.manifest import InputSpec

# Sizes for which the masks are kept as pixels: one per model, and some to spare.
MOST_VIEWS = 4


@dataclass(frozen=True)
class FrameEvidence:
    """One frame: ``look`` for the confirmation, the boxes to show, the terms of the hour.

    ``fire`` and ``start_fire`` are the scores at the places that count; together at most 1.
    """

    look: FrameScores
    fire: float
    start_fire: float
    boxes: List[Box]
    terms: Terms


class CameraEvidence:
    """The eyes of one camera: what must be remembered from frame to frame."""

    def __init__(self, vigilance: CameraRules, config: InferenceConfig) -> None:
        self._vigilance = vigilance
        self._opinions = OpinionTurns(config.second_opinion)
        self._turns = DetectorTurns(config.detector)
        self._life = Liveliness()
        self._hidden: Dict[Tuple[Tuple[int, int, str], int, int], Optional[np.ndarray[Any, Any]]] = {}

    def new_clock(self) -> None:
        """The camera restarted."""
        self._life.clear()

    def hidden(self, spec: InputSpec, *, width: int, height: int) -> Optional["np.ndarray[Any, Any]"]:
        """Return what the camera's masks hide of a model's input, see :meth:`CameraRules.hidden`."""
        asked = (spec.view, width, height)
        if asked not in self._hidden:
            if len(self._hidden) >= MOST_VIEWS:  # of a camera that changes its size
                self._hidden.clear()
            self._hidden[asked] = self._vigilance.hidden(spec, width=width, height=height)
        return self._hidden[asked]

    def wants_opinion(self, judgement: Judgement, now: float) -> bool:
        """Return whether a second classifier should judge this frame too."""
        return self._opinions.due(now, suspicion=judgement.suspicion)

    def note_opinion(self, judgement: Judgement, now: float) -> None:
        """Take down the second classifier's word."""
        self._opinions.note(judgement.suspicion, now)

    def wants_boxes(self, judgement: Judgement, now: float) -> bool:
        """Return whether the detector should look at this frame too."""
        return self._turns.due(now, suspicion=judgement.suspicion)

    def see(
        self,
        judgement: Judgement,
        found: Optional[List[Box]],
        now: float,
        at: datetime,
        *,
        width: int,
        height: int,
    ) -> FrameEvidence:
        """Return what a frame says.

        ``found``: the detector's boxes, None where it did not look; ``now`` stream time; ``at`` local time.
        """
        if found is not None:
            self._turns.note(found, now)
        boxes = [box for box in self._turns.boxes(now) if self._counts(box)]
        speaking = signs(boxes)
        scores = judgement.result.probabilities
        p_fire, p_start = scores.get(FIRE, 0.0), scores.get(START_FIRE, 0.0)
        fire_map = judgement.activation({FIRE: 1.0}, width=width, height=height)
        any_map = judgement.activation({FIRE: p_fire, START_FIRE: p_start}, width=width, height=height)
        fire = np.maximum(p_fire * self._share(fire_map), scores_of_boxes(speaking, [FIRE]))
        smoke = np.maximum((p_fire + p_start) * self._share(any_map), scores_of_boxes(speaking, [FIRE, START_FIRE]))
        visible = ~self._vigilance.ignored
        fire_places, smoke_places = fire.reshape(PLACES) * visible, np.minimum(smoke.reshape(PLACES) * visible, 1.0)
        terms = self._vigilance.terms(at)
        life = self._life.add(_brightness(judgement.grey(width=width, height=height)), now)
        look = FrameScores(
            stream_s=now,
            fire=fire_places,
            smoke=smoke_places,
            liveliness=life.reshape(PLACES),
            raised=terms.raised,
            extent=0.0 if any_map is None else float(any_map.mean()),
        )
        best_fire = float(fire_places.max())
        return FrameEvidence(
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
