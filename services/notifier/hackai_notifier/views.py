"""What the HTTP interface says about incidents and the outbox."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pydantic import BaseModel, Field

from hackai_notifier.delivery.outbox import DeadLetter
from hackai_notifier.incident.drills import Drill, Leg
from hackai_notifier.incident.incidents import Incident, Mark, SnoozeMark
from hackai_shared.messages import CameraId


class IncidentView(BaseModel):
    """An incident in its newest state."""

    incident_id: str
    kind: str
    camera_id: str
    camera_name: str
    label: str
    first_label: str = Field(description="what it began as")
    score: float
    peak_score: float
    opened_at: datetime
    confirmed_at: datetime
    cleared_at: datetime | None
    open: bool
    acknowledged: Mark | None
    false_alarm: Mark | None
    snoozed: SnoozeMark | None
    closed_because: str | None = Field(description="why it was closed without having been seen to end")
    visible: bool = Field(description="whether the last frame that was told of shows it")
    actions: list[str] = Field(description="what can be done about it now: the buttons of chat and page")
    notified: list[str] = Field(description="names of everybody to whom the alarm was delivered")
    photo: str = Field(description="path of the annotated picture; 404 once it was pruned")

    @classmethod
    def of(cls, incident: Incident, *, notified: Sequence[str]) -> IncidentView:
        """Return the view of an incident."""
        event = incident.event
        return cls(
            incident_id=incident.incident_id,
            kind=event.kind,
            camera_id=event.camera_id,
            camera_name=event.camera_name,
            label=event.label,
            first_label=incident.first_label,
            score=event.score,
            peak_score=event.peak_score,
            opened_at=event.opened_at,
            confirmed_at=event.confirmed_at,
            cleared_at=incident.cleared_at,
            open=incident.open,
            acknowledged=incident.acknowledged,
            false_alarm=incident.false_alarm,
            snoozed=incident.snoozed,
            closed_because=incident.closed_because,
            visible=incident.visible,
            actions=list(incident.actions),
            notified=list(dict.fromkeys(notified)),
            photo=f"/v1/incidents/{incident.incident_id}/photo.jpg",
        )


class OrderRequest(BaseModel):
    """Who orders something; the body may be left out."""

    by: str = Field("", max_length=80, description="name of the person, for the messages and the audit trail")


class SnoozeRequest(OrderRequest):
    """How long to silence."""

    duration_s: float | None = Field(None, gt=0, le=86_400, description="seconds; default: notifier.snooze_s")


class CameraSnoozeRequest(SnoozeRequest):
    """Which camera to silence."""

    camera_id: CameraId | None = Field(None, description="None: all cameras")


class OrderAnswer(BaseModel):
    """What became of an order."""

    outcome: str = Field(description="applied; repeated: it was so already; nothing: there was nothing to do")
    message: str
    incident: IncidentView | None


class DeadLetterView(BaseModel):
    """A step that was given up."""

    incident_id: str
    step: str
    channel: str
    recipient: str
    attempts: int
    reason: str
    at: float = Field(description="Unix time")

    @classmethod
    def of(cls, letter: DeadLetter) -> DeadLetterView:
        """Return the view of a dead letter."""
        return cls(
            incident_id=letter.step.incident_id,
            step=letter.step.step,
            channel=letter.step.recipient.channel,
            recipient=letter.step.recipient.address,
            attempts=letter.step.attempts,
            reason=letter.reason,
            at=letter.at,
        )


class DrillView(BaseModel):
    """A drill and what became of it."""

    drill_id: str
    by: str
    ordered_at: datetime
    outcome: str = Field(description="running, passed or failed")
    reason: str = Field(description="why it failed")
    whole_s: float | None = Field(description="seconds from the order to the last recipient")
    legs: list[Leg] = Field(description="the seconds of each stage that was passed")

    @classmethod
    def of(cls, drill: Drill) -> DrillView:
        """Return the view of a drill."""
        return cls(
            drill_id=drill.drill_id,
            by=drill.by,
            ordered_at=drill.ordered_at,
            outcome=drill.outcome,
            reason=drill.reason,
            whole_s=drill.whole_s,
            legs=drill.legs,
        )


class OutboxView(BaseModel):
    """How the outbox does."""

    waiting: int
    delivered: int
    dead: int
    oldest_text_at: float | None = Field(description="Unix time of the oldest alarm that waits to be sent")
    dead_letters: list[DeadLetterView] = Field(description="the newest first")
