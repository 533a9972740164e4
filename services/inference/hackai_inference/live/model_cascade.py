"""The models that look at a camera's frame, one after another: classifier, second opinion, detector."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, List, Optional

from hackai_inference.live.frame_evidence import CameraEvidence
from hackai_inference.models.judgement import Judgement, judge, judge_again
from hackai_inference.models.registry import ActiveModel
from hackai_shared.messages import Box

# The bytes of a picture to the boxes that a detector finds in it.
FindBoxes = Callable[[bytes], List[Box]]


@dataclass(frozen=True)
class Seen:
    """What was found in one frame: ``judgement`` counts, ``first`` is that of the classifier that sees every frame.

    ``found``: the detector's boxes, None where it did not look.
    """

    first: Judgement
    judgement: Judgement
    found: Optional[List[Box]]


class ModelCascade:
    """Every model that may look; safe to call from several threads, for different cameras."""

    def __init__(
        self,
        classifier: Callable[[], ActiveModel],
        *,
        opinion: Optional[ActiveModel] = None,
        detector: Optional[FindBoxes] = None,
        max_pixels: int,
    ) -> None:
        """``classifier`` returns the model that is active at the moment."""
        self._classifier, self._opinion, self._detector = classifier, opinion, detector
        self._max_pixels = max_pixels

    def look(
        self,
        sight: CameraEvidence,
        jpeg: bytes,
        now: float,
        *,
        width: int,
        height: int,
        spares: Callable[[], bool] = lambda: False,
    ) -> Seen:
        """Look at a frame at the stream time ``now``.

        ``spares`` tells whether only the classifier may look; it is asked once, by the first of the others that wants
        to: its answer counts for the frame.

        Raises:
            ImageError: not a picture, too large, truncated or damaged.
            SessionError: the runtime failed.
        """
        model = self._classifier()
        hidden = sight.hidden(model.manifest.input, width=width, height=height)
        first = judgement = judge(model, jpeg, max_pixels=self._max_pixels, hidden=hidden)
        found, spared = None, None
        if self._opinion is not None and sight.wants_opinion(first, now):
            spared = spares()
            if not spared:
                hidden = sight.hidden(self._opinion.manifest.input, width=width, height=height)
                judgement = judge_again(first, self._opinion, jpeg, max_pixels=self._max_pixels, hidden=hidden)
                sight.note_opinion(judgement, now)
        if self._detector is not None and sight.wants_boxes(judgement, now):
            if spared is None:
                spared = spares()
            if not spared:
                found = self._detector(jpeg)
        return Seen(first, judgement, found)
