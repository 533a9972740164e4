"""One camera's footage through the active model and its rules, into a trial."""

from __future__ import annotations

from typing import Callable, List, Optional

from hackai_inference.calibration.footage import Shot
from hackai_inference.calibration.trial import Alarm, Trial
from hackai_inference.judging import judge
from hackai_inference.registry import ActiveModel
from hackai_inference.sight import CameraSight
from hackai_inference.vigilance import Vigilance
from hackai_shared.config.detection import InferenceConfig
from hackai_shared.config.watching import CameraDetectionConfig
from hackai_shared.messages import Box

FindBoxes = Callable[[bytes], List[Box]]


class Watch:
    """The eyes of one camera without its own threshold, feeding a trial."""

    def __init__(
        self,
        model: ActiveModel,
        config: InferenceConfig,
        rules: CameraDetectionConfig,
        trial: Trial,
        *,
        detector: Optional[FindBoxes] = None,
    ) -> None:
        plain = rules.model_copy(update={"threshold": None, "budget": None})
        self._model, self._config, self._detector = model, config, detector
        self._vigilance = Vigilance(plain, config.confirmation)
        self._sight = CameraSight(self._vigilance, config.detector)
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
        spec = self._model.manifest.input
        hidden = self._vigilance.hidden(spec, width=shot.width, height=shot.height)
        judgement = judge(self._model, shot.jpeg, max_pixels=self._config.max_pixels, hidden=hidden)
        looks = self._detector is not None and self._sight.wants_boxes(judgement, shot.stream_s)
        found = self._detector(shot.jpeg) if self._detector is not None and looks else None
        seen = self._sight.see(
            judgement, found, shot.stream_s, shot.at.astimezone(), width=shot.width, height=shot.height
        )
        return self.trial.add(seen.look)
