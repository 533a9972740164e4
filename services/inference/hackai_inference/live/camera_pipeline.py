"""One camera in the live loop: its frames in order, its state, its open incident. No I/O; one thread at a time."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Callable, List, NamedTuple, Optional

import numpy as np

from hackai_inference.decision.camera_rules import CameraRules
from hackai_inference.decision.confirmation import Confirmation, Verdict
from hackai_inference.decision.incidents import IncidentLog, JudgedFrame, OpenIncident
from hackai_inference.decision.places import PLACES, Point, middle_of, place_at
from hackai_inference.live.frame_evidence import CameraEvidence, FrameEvidence
from hackai_inference.models.judgement import Judgement
from hackai_inference.pictures.snapshot_buffer import Snapshot, SnapshotBuffer
from hackai_shared.config.detection import InferenceConfig
from hackai_shared.config.watching import CameraDetectionConfig
from hackai_shared.messages import Box, FrameHeader, FrameRef, IncidentEvent


class Received(NamedTuple):
    """A frame with the moment at which this service received it, on the monotonic clock."""

    header: FrameHeader
    jpeg: bytes
    at: float


@dataclass(frozen=True)
class PipelineResult:
    """What a frame did to its camera."""

    verdict: Verdict
    boxes: List[Box]
    incident: Optional[OpenIncident]
    events: List[IncidentEvent] = field(default_factory=list)
    place: Point = (0.5, 0.5)
    """The middle of the place with the most evidence, relative."""
    moments: List[Snapshot] = field(default_factory=list)
    """The pictures that led to the events, the one of this frame last."""


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


class CameraPipeline:
    """The state of one camera from frame to incident."""

    def __init__(
        self,
        camera_id: str,
        camera_name: str,
        config: InferenceConfig,
        *,
        new_id: Callable[[], str],
        rules: Optional[CameraDetectionConfig] = None,
        incident: Optional[OpenIncident] = None,
    ) -> None:
        self._vigilance = CameraRules(rules or CameraDetectionConfig(), config.confirmation)
        self.sight = CameraEvidence(self._vigilance, config)
        self._confirmation = Confirmation(config.confirmation, PLACES)
        self._album = SnapshotBuffer()
        self._log = IncidentLog(camera_id, camera_name, new_id=new_id, incident=incident)
        self._epoch: Optional[str] = None
        self._resumed = incident

    def judge(
        self,
        frame: FrameRef,
        judgement: Judgement,
        now: datetime,
        *,
        width: int,
        height: int,
        jpeg: bytes = b"",
        found: Optional[List[Box]] = None,
    ) -> PipelineResult:
        """Add a judged frame; ``now`` is the UTC wall clock, ``width`` and ``height`` the size of the picture.

        ``found`` are the detector's boxes; None where it did not look.
        """
        if frame.epoch != self._epoch:
            self._confirmation.new_clock()
            self.sight.new_clock()
            self._epoch = frame.epoch
        if self._resumed is not None:
            self._confirmation.resume(
                self._resumed.label,
                self._resumed.opened_s,
                frame.stream_s,
                told=[place_at((spot.x, spot.y)) for spot in self._resumed.places],
            )
            self._resumed = None
        sight = self.sight.see(
            judgement,
            found,
            frame.stream_s,
            frame.captured_at.astimezone(),
            width=width,
            height=height,
        )
        verdict = self._confirmation.observe(sight.look)
        if jpeg:
            self._album.add(jpeg, frame.stream_s, suspected=verdict.state != "clear")
        place = self._place(verdict)
        events = self._log.advance(verdict, self._judged(frame, judgement, verdict, sight, place), now)
        return PipelineResult(
            verdict=verdict,
            boxes=sight.boxes if verdict.positive else [],
            incident=self._log.open,
            events=events,
            place=middle_of(place),
            moments=self._album.until(frame.stream_s, jpeg) if events else [],
        )

    def _place(self, verdict: Verdict) -> int:
        """Return where the last step happened, else the place with the most evidence."""
        steps = [step.place for step in verdict.transitions if step.change != "cleared"]
        return steps[-1] if steps else int(np.argmax(self._confirmation.levels))

    def _judged(
        self, frame: FrameRef, judgement: Judgement, verdict: Verdict, sight: FrameEvidence, place: int
    ) -> JudgedFrame:
        return JudgedFrame(
            frame=frame,
            fire=sight.fire,
            start_fire=sight.start_fire,
            model=judgement.model.ref,
            boxes=sight.boxes if verdict.positive else [],
            trend=verdict.trend,
            threshold=self._vigilance.threshold(sight.terms, place),
            budget=self._vigilance.budget(judgement.judges),
            raised_by=self._vigilance.raised_by(sight.terms, place),
        )
