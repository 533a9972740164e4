"""From transitions of a camera's state to the events that people are told: pure, ids and clocks are arguments."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Callable, List, Optional

from pydantic import Field

from hackai_inference.decision.confirmation import Change, Label, Transition, Verdict
from hackai_inference.decision.places import middle_of
from hackai_shared.messages import (
    Box,
    Budget,
    FrameRef,
    IncidentEvent,
    LearnedThreshold,
    Message,
    ModelRef,
    Probability,
    Spot,
    Trend,
)
from hackai_shared.reserved import incident_kind

# What an event takes from its frame as it is.
_TOLD = ("model", "boxes", "trend", "threshold", "budget", "raised_by", "learned")
# People see label, score and peak: between two updates of one incident this much time passes at least, …
UPDATE_EVERY_S = 5.0
# … and the peak has risen or the score has moved by so much, or it has begun or ceased to grow.
PEAK_STEP = 0.05
SCORE_STEP = 0.25


class OpenIncident(Message):
    """An incident that has not ended; kept in Redis so that a restarted service goes on with it."""

    incident_id: str
    revision: int
    camera_id: str
    camera_name: str
    label: Label
    peak_score: Probability
    opened_at: datetime
    confirmed_at: datetime
    opened_s: float
    confirmed_s: float
    frames_positive: int
    frames_seen: int
    frame: FrameRef
    previous_incident_id: Optional[str] = None
    places: List[Spot] = Field(default_factory=list)
    told_at: datetime
    told_score: Probability
    told_peak: Probability
    told_trend: Optional[Trend] = None
    seen_at: datetime


@dataclass(frozen=True)
class JudgedFrame:
    """What the builder needs to know of a frame; ``fire`` and ``start_fire`` are probabilities."""

    frame: FrameRef
    fire: float
    start_fire: float
    model: ModelRef
    boxes: List[Box] = field(default_factory=list)
    trend: Optional[Trend] = None
    threshold: Optional[float] = None
    budget: Optional[Budget] = None
    raised_by: List[str] = field(default_factory=list)
    learned: Optional[LearnedThreshold] = None

    def score(self, label: Label) -> float:
        """Return the probability of a label: ``start_fire`` stands for a starting fire or a worse one."""
        return self.fire if label == "fire" else min(1.0, self.fire + self.start_fire)


class IncidentLog:
    """The open incident of one camera and the events that its life makes."""

    def __init__(
        self, camera_id: str, camera_name: str, *, new_id: Callable[[], str], incident: Optional[OpenIncident] = None
    ) -> None:
        self._camera_id = camera_id
        self._camera_name = camera_name
        self._new_id = new_id
        self._open = incident

    @property
    def open(self) -> Optional[OpenIncident]:
        """The incident that has not ended."""
        return self._open

    def advance(self, verdict: Verdict, judged: JudgedFrame, now: datetime) -> List[IncidentEvent]:
        """Return the events of a frame, in order; ``now`` is the UTC wall clock."""
        if self._open is not None:
            self._count(self._open, verdict, judged, now)
        events: List[IncidentEvent] = []
        for transition in verdict.transitions:
            previous = self._open
            if transition.change == "opened":
                events.append(self._opened(transition, judged, now, events[-1].incident_id if events else None))
            elif previous is not None:
                events.append(self._step(transition.change)(previous, transition, judged, now))
        if not events and self._open is not None and _worth_telling(self._open, judged, now):
            events.append(self._event("updated", self._tell(self._open, judged, now), judged, now))
        return events

    def _step(self, change: Change) -> Callable[[OpenIncident, Transition, JudgedFrame, datetime], IncidentEvent]:
        return self._worsened if change == "worsened" else self._further if change == "further" else self._cleared

    def abandon(self, now: datetime) -> List[IncidentEvent]:
        """Close an incident that nobody watched for too long: whatever burns later is another fire."""
        incident, self._open = self._open, None
        if incident is None:
            return []
        ended = incident.model_copy(update={"revision": incident.revision + 1})
        return [_event("cleared", ended, frame=incident.frame, score=0.0, now=now, event_id=self._new_id())]

    def _count(self, incident: OpenIncident, verdict: Verdict, judged: JudgedFrame, now: datetime) -> None:
        score = judged.score(incident.label)
        self._open = incident.model_copy(
            update={
                "frames_seen": incident.frames_seen + 1,
                "frames_positive": incident.frames_positive + verdict.positive,
                "peak_score": max(incident.peak_score, score),
                "frame": judged.frame,
                "seen_at": now,
            }
        )

    def _opened(
        self, transition: Transition, judged: JudgedFrame, now: datetime, previous_id: Optional[str]
    ) -> IncidentEvent:
        score = judged.score(transition.label)
        began = timedelta(seconds=max(0.0, transition.at_s - transition.opened_s))
        self._open = OpenIncident(
            incident_id=self._new_id(),
            revision=0,
            camera_id=self._camera_id,
            camera_name=self._camera_name,
            label=transition.label,
            peak_score=score,
            opened_at=judged.frame.captured_at - began,
            confirmed_at=judged.frame.captured_at,
            opened_s=transition.opened_s,
            confirmed_s=transition.at_s,
            frames_positive=transition.frames_positive,
            frames_seen=transition.frames_seen,
            frame=judged.frame,
            previous_incident_id=previous_id,
            places=[_spot(transition)],
            told_at=now,
            told_score=score,
            told_peak=score,
            told_trend=judged.trend,
            seen_at=now,
        )
        return self._event("opened", self._open, judged, now)

    def _worsened(
        self, incident: OpenIncident, transition: Transition, judged: JudgedFrame, now: datetime
    ) -> IncidentEvent:
        """The incident goes on under a worse label, from now on with that label's scores and confirmation."""
        score = judged.score(transition.label)
        worse = incident.model_copy(
            update={
                "label": transition.label,
                "peak_score": score,
                "confirmed_at": judged.frame.captured_at,
                "confirmed_s": transition.at_s,
                "places": [_spot(transition)],
            }
        )
        return self._event("worsened", self._tell(worse, judged, now), judged, now)

    def _further(
        self, incident: OpenIncident, transition: Transition, judged: JudgedFrame, now: datetime
    ) -> IncidentEvent:
        """A fire at a place of its own is a worsening with one place more."""
        more = incident.model_copy(update={"places": [*incident.places, _spot(transition)]})
        return self._event("worsened", self._tell(more, judged, now), judged, now)

    def _cleared(
        self, incident: OpenIncident, transition: Transition, judged: JudgedFrame, now: datetime
    ) -> IncidentEvent:
        ended = self._tell(incident, judged, now)
        self._open = None
        return self._event("cleared", ended, judged, now, cleared_s=transition.at_s)

    def _tell(self, incident: OpenIncident, judged: JudgedFrame, now: datetime) -> OpenIncident:
        self._open = incident.model_copy(
            update={
                "revision": incident.revision + 1,
                "told_at": now,
                "told_score": judged.score(incident.label),
                "told_peak": incident.peak_score,
                "told_trend": judged.trend,
            }
        )
        return self._open

    def _event(
        self,
        change: str,
        incident: OpenIncident,
        judged: JudgedFrame,
        now: datetime,
        *,
        cleared_s: Optional[float] = None,
    ) -> IncidentEvent:
        return _event(
            change,
            incident,
            frame=judged.frame,
            score=judged.score(incident.label),
            now=now,
            event_id=self._new_id(),
            cleared_s=cleared_s,
            judged=judged,
        )


def _spot(transition: Transition) -> Spot:
    x, y = middle_of(transition.place)
    return Spot(x=x, y=y)


def _worth_telling(incident: OpenIncident, judged: JudgedFrame, now: datetime) -> bool:
    if (now - incident.told_at).total_seconds() < UPDATE_EVERY_S:
        return False
    growing = "growing" in (judged.trend, incident.told_trend)
    if growing and judged.trend not in (None, incident.told_trend):
        return True
    risen = incident.peak_score - incident.told_peak >= PEAK_STEP
    return risen or abs(judged.score(incident.label) - incident.told_score) >= SCORE_STEP


def _event(
    change: str,
    incident: OpenIncident,
    *,
    frame: FrameRef,
    score: float,
    now: datetime,
    event_id: str,
    cleared_s: Optional[float] = None,
    judged: Optional[JudgedFrame] = None,
) -> IncidentEvent:
    seen = {} if judged is None else {name: getattr(judged, name) for name in _TOLD}
    return IncidentEvent.model_validate(
        {
            "event_id": event_id,
            "incident_id": incident.incident_id,
            "revision": incident.revision,
            "kind": incident_kind(incident.camera_id),
            "change": change,
            "camera_id": incident.camera_id,
            "camera_name": incident.camera_name,
            "label": incident.label,
            "score": score,
            "peak_score": max(incident.peak_score, score),
            "opened_at": incident.opened_at,
            "confirmed_at": incident.confirmed_at,
            "opened_s": incident.opened_s,
            "confirmed_s": incident.confirmed_s,
            "cleared_s": cleared_s,
            "frames_positive": incident.frames_positive,
            "frames_seen": incident.frames_seen,
            "frame": frame,
            **seen,
            "previous_incident_id": incident.previous_incident_id,
            "places": incident.places,
            "created_at": now,
        }
    )
