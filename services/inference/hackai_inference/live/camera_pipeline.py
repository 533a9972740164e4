"""One camera in the live loop: its frames in order, its state, its open incident, its quiet. No I/O.

Frames are judged by one thread at a time; what was learned may be read and taught from another.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Callable, List, NamedTuple, Optional, TypeVar

import numpy as np

from hackai_inference.decision.camera_rules import CameraRules, Terms
from hackai_inference.decision.confirmation import Confirmation, FrameScores, Verdict
from hackai_inference.decision.evidence import raised_reference
from hackai_inference.decision.incidents import IncidentLog, JudgedFrame, OpenIncident
from hackai_inference.decision.learned_quiet import LearnedQuiet, excess_of
from hackai_inference.decision.places import PLACES, Point, middle_of, place_at
from hackai_inference.live.frame_evidence import CameraEvidence, FrameEvidence
from hackai_inference.models.judgement import Judgement
from hackai_inference.pictures.snapshot_buffer import Snapshot, SnapshotBuffer
from hackai_shared.config.detection import InferenceConfig
from hackai_shared.config.watching import CameraDetectionConfig
from hackai_shared.messages import Box, FrameHeader, FrameRef, IncidentEvent, LearnedThreshold

T = TypeVar("T")
# Below this probability of fire or smoke a frame has nothing to learn from: its scores are not looked at one by one.
NOTHING = 0.1
# Evidence, relative to what confirms, from which on something may burn.
DOUBTFUL = 0.5
_NO_EXCESS = np.full(PLACES, -4.0)


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
        quiet: Optional[LearnedQuiet] = None,
    ) -> None:
        """``quiet``: what the camera learned; None: it learns nothing."""
        self._config = config.confirmation
        self._quiet = quiet
        self._learning = threading.Lock()
        self._raised: np.ndarray[Any, Any] = np.zeros(PLACES)
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
            if self._quiet is not None:
                self._quiet.new_clock()
            self._epoch = frame.epoch
        if self._resumed is not None:
            self._confirmation.resume(
                self._resumed.label,
                self._resumed.opened_s,
                frame.stream_s,
                told=[place_at((spot.x, spot.y)) for spot in self._resumed.places],
            )
            self._resumed = None
        local = frame.captured_at.astimezone()
        sight = self.sight.see(
            judgement,
            found,
            frame.stream_s,
            local,
            width=width,
            height=height,
        )
        verdict = self._observe(sight.look, local)
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

    def learned(self, read: Callable[[LearnedQuiet], T]) -> Optional[T]:
        """Return what ``read`` finds in, or does to, what the camera learned; None: it learns nothing."""
        if self._quiet is None:
            return None
        with self._learning:
            return read(self._quiet)

    def counts_from(self, raised: float) -> float:
        """Return the steady score of fire that counts where the plain reference is raised by so many logits."""
        return float(raised_reference(self._config.fire_reference, raised))

    def _observe(self, look: FrameScores, local: datetime) -> Verdict:
        """Judge a frame by what the camera learned, and learn from it."""
        quiet = self._quiet
        if quiet is None:
            return self._confirmation.observe(look)
        with self._learning:
            self._raised = quiet.raised(local)
            usual = quiet.usual_extent(local)
            verdict = self._confirmation.observe(replace(look, learned=self._raised, usual_extent=usual))
            burns = verdict.state in ("confirmed", "clearing") or verdict.evidence >= DOUBTFUL
            excess = self._excess(look)
            quiet.watch(excess, self._confirmation.plain, look.stream_s, local, burns=burns)
            if verdict.label is not None and self._log.open is not None:
                quiet.note_incident(self._log.open.incident_id, excess, look.extent)
        return verdict

    def _excess(self, look: FrameScores) -> "np.ndarray[Any, Any]":
        """Return how far a frame's scores lie above the plain references ``(PLACES,)``, in logits."""
        if float(np.max(look.smoke)) < NOTHING:
            return _NO_EXCESS
        fire = excess_of(np.asarray(look.fire), self._config.fire_reference)
        return np.asarray(np.maximum(fire, excess_of(np.asarray(look.smoke), self._config.smoke_reference)))

    def _learned_at(self, terms: Terms, place: int) -> Optional[LearnedThreshold]:
        """Return what the threshold of a place was learned from; None: rules set it, or the fire grows."""
        if self._quiet is None or self._confirmation.outgrown or self._raised[place] <= terms.raised[place]:
            return None
        known = self._quiet.known_days, len(self._quiet.lessons)
        return LearnedThreshold(days=round(known[0], 2), false_alarms=known[1])

    def _place(self, verdict: Verdict) -> int:
        """Return where the last step happened, else the place with the most evidence."""
        steps = [step.place for step in verdict.transitions if step.change != "cleared"]
        return steps[-1] if steps else int(np.argmax(self._confirmation.levels))

    def _judged(
        self, frame: FrameRef, judgement: Judgement, verdict: Verdict, sight: FrameEvidence, place: int
    ) -> JudgedFrame:
        learned = self._learned_at(sight.terms, place)
        threshold = self._vigilance.threshold(sight.terms, place)
        if learned is not None:
            threshold = self.counts_from(self._raised[place])
        return JudgedFrame(
            frame=frame,
            fire=sight.fire,
            start_fire=sight.start_fire,
            model=judgement.model.ref,
            boxes=sight.boxes if verdict.positive else [],
            trend=verdict.trend,
            threshold=threshold,
            budget=self._vigilance.budget(judgement.judges),
            raised_by=[] if learned is not None else self._vigilance.raised_by(sight.terms, place),
            learned=learned,
        )
