"""One camera's footage through the active model and its rules, into a trial."""

from __future__ import annotations

from typing import List, Optional

from hackai_inference.calibration.footage import Shot
from hackai_inference.calibration.trial import Alarm, Trial
from hackai_inference.decision.camera_rules import CameraRules
from hackai_inference.live.frame_evidence import CameraEvidence
from hackai_inference.live.model_cascade import ModelCascade
from hackai_shared.config.detection import InferenceConfig
from hackai_shared.config.watching import CameraDetectionConfig


class Watch:
    """The eyes of one camera without its own threshold, feeding a trial."""

    def __init__(
        self,
        eyes: ModelCascade,
        config: InferenceConfig,
        rules: CameraDetectionConfig,
        trial: Trial,
    ) -> None:
        plain = rules.model_copy(update={"threshold": None, "budget": None})
        self._eyes = eyes
        self._sight = CameraEvidence(CameraRules(plain, config.confirmation), config)
        self._source: Optional[str] = None
        self.trial = trial

    def show(self, shot: Shot) -> List[Alarm]:
        """Judge a frame; return the incidents that it would have opened.

        Raises:
            ImageError: the frame is no picture.
            SessionError: the runtime failed.
        """
        if shot.source != self._source:
            self._sight.new_clock()
            self.trial.new_clock()
            self._source = shot.source
        seen = self._eyes.look(self._sight, shot.jpeg, shot.stream_s, width=shot.width, height=shot.height)
        sight = self._sight.see(
            seen.judgement, seen.found, shot.stream_s, shot.at.astimezone(), width=shot.width, height=shot.height
        )
        return self.trial.add(sight.look)
