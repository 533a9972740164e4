"""One camera in the live loop: its frames in order, its state, its open incident. No I/O; one thread at a time."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Callable, List, NamedTuple, Optional

from hackai_inference.confirmation import Confirmation, Verdict
from hackai_inference.incidents import IncidentLog, JudgedFrame, OpenIncident
from hackai_inference.judging import Judgement
from hackai_shared.config.detection import ConfirmationConfig
from hackai_shared.messages import Box, FrameHeader, FrameRef, IncidentEvent

FIRE = "fire"
START_FIRE = "start_fire"


class Received(NamedTuple):
    """A frame with the moment at which this service received it, on the monotonic clock."""

    header: FrameHeader
    jpeg: bytes
    at: float


@dataclass(frozen=True)
class LaneResult:
    """What a frame did to its camera."""

    verdict: Verdict
    boxes: List[Box]
    incident: Optional[OpenIncident]
    events: List[IncidentEvent] = field(default_factory=list)


class SequenceWatch:
    """Counts the frames that never arrived, by the gaps between sequence numbers of one epoch."""

    def __init__(self) -> None:
        self._epoch: Optional[str] = None
        self._last = -1
        self.lost = 0

    def note(self, header: FrameHeader) -> int:
        """Return how many frames are missing before this one; a new epoch and a repeated frame miss none."""
        missing = max(0, header.sequence - self._last - 1) if header.epoch == self._epoch else 0
        self._epoch = header.epoch
        self._last = header.sequence
        self.lost += missing
        return missing


class Lane:
    """The state of one camera from frame to incident."""

    def __init__(
        self,
        camera_id: str,
        camera_name: str,
        config: ConfirmationConfig,
        *,
        new_id: Callable[[], str],
        incident: Optional[OpenIncident] = None,
    ) -> None:
        self._confirmation = Confirmation(config)
        self._log = IncidentLog(camera_id, camera_name, new_id=new_id, incident=incident)
        self._epoch: Optional[str] = None
        self._resumed = incident

    def judge(self, frame: FrameRef, judgement: Judgement, now: datetime, *, width: int, height: int) -> LaneResult:
        """Add a judged frame; ``now`` is the UTC wall clock, ``width`` and ``height`` the size of the picture."""
        if frame.epoch != self._epoch:
            self._confirmation.new_clock()
            self._epoch = frame.epoch
        if self._resumed is not None:
            self._confirmation.resume(self._resumed.label, self._resumed.opened_s, frame.stream_s)
            self._resumed = None
        scores = judgement.result.probabilities
        fire, start_fire = scores.get(FIRE, 0.0), scores.get(START_FIRE, 0.0)
        verdict = self._confirmation.observe(frame.stream_s, fire=fire, start_fire=start_fire)
        boxes = judgement.boxes(FIRE if fire >= start_fire else START_FIRE, width=width, height=height)
        shown = boxes if verdict.positive else []
        judged = JudgedFrame(frame=frame, fire=fire, start_fire=start_fire, model=judgement.model.ref, boxes=shown)
        events = self._log.advance(verdict, judged, now)
        return LaneResult(verdict, shown, self._log.open, events)
