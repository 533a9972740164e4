"""The messages that cross a process boundary, one pydantic model each.

Every message carries ``schema_version``. Unknown fields are ignored, so that a newer sender can add one; a message
with another version does not validate, and the consumer counts, logs and drops it.

Times: ``*_at`` is UTC wall clock for people; ``stream_s``, ``opened_s``, ``confirmed_s`` and ``cleared_s`` are *stream
time*, the seconds of the camera's own steady clock (monotonic for live sources, media time for files), and decisions
use only that.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timezone
from typing import Any, Dict, List, Optional, TypeVar

from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import Annotated, Literal

CameraId = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$", description="lower-case id of a camera")]
Probability = Annotated[float, Field(ge=0.0, le=1.0)]
Trend = Literal["growing", "steady", "shrinking"]

M = TypeVar("M", bound="Message")


def utc_now() -> datetime:
    """Return the current UTC wall-clock time, timezone-aware."""
    return datetime.now(timezone.utc)


def new_id() -> str:
    """Return a random identifier of 32 hexadecimal digits."""
    return uuid.uuid4().hex


class Message(BaseModel):
    """Base of all messages: immutable, versioned, tolerant of additional fields, intolerant of NaN."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    schema_version: Literal[1] = 1


class FrameRef(Message):
    """Names one frame of one camera."""

    camera_id: CameraId
    epoch: str = Field(description="random id of the camera's current start; sequence restarts with it")
    sequence: int = Field(ge=0, description="number of the frame within its epoch; gaps are lost frames")
    captured_at: datetime
    stream_s: float = Field(description="seconds of the camera's own steady clock")


class FrameHeader(FrameRef):
    """What travels in front of the JPEG bytes in the envelope of a frame."""

    monotonic_s: float = Field(
        description="CLOCK_MONOTONIC of the capturing host; comparable only where boot_id is equal"
    )
    boot_id: str = Field(description="id of the capturing host's boot")
    width: int = Field(gt=0)
    height: int = Field(gt=0)

    def ref(self) -> FrameRef:
        """Return the part that other messages quote."""
        return FrameRef(
            camera_id=self.camera_id,
            epoch=self.epoch,
            sequence=self.sequence,
            captured_at=self.captured_at,
            stream_s=self.stream_s,
        )


class Box(Message):
    """A rectangle in relative coordinates of the whole picture (0-1, origin top left)."""

    x1: Probability
    y1: Probability
    x2: Probability
    y2: Probability
    label: str
    score: Probability
    source: Literal["cam", "detector"] = Field(description="thresholded class activation, or an object detector")


class Spot(Message):
    """A point of the picture in relative coordinates (0-1, origin top left)."""

    x: Probability
    y: Probability


class Budget(Message):
    """The declared false alarms of a camera, as measured on its own quiet footage."""

    alarms_per_week: float = Field(gt=0, description="false alarms a week that were accepted")
    at_most_per_week: float = Field(gt=0, description="upper confidence bound of the rate")
    confidence: float = Field(gt=0, lt=1)
    hours: float = Field(gt=0, description="hours of quiet footage")
    alarms: int = Field(ge=0, description="alarms in these hours")


class LearnedThreshold(Message):
    """What a camera learned its threshold from, at one place."""

    days: float = Field(ge=0, description="days of its own quiet footage that still count")
    false_alarms: int = Field(ge=0, description="alarms of this camera that people called false, and that still count")


class ModelRef(Message):
    """The model that produced a figure."""

    name: str
    version: int = Field(ge=1)
    variant: str


class StageTimings(Message):
    """Milliseconds of one frame in the inference service, and its age when its result was published."""

    decode_ms: float
    infer_ms: float
    total_ms: float = Field(description="from receipt of the envelope to the published result")
    age_ms: float = Field(description="age of the frame when its result was published")


class FrameDetections(Message):
    """The result of one frame, published on ``detections.<camera_id>``."""

    frame: FrameRef
    model: ModelRef
    label: str
    probabilities: Dict[str, Probability]
    boxes: List[Box] = Field(default_factory=list)
    state: Literal["clear", "suspected", "confirmed", "clearing"]
    evidence: float = Field(
        ge=0.0, description="accumulated evidence relative to the confirmation threshold (1 = confirmed)"
    )
    incident_id: Optional[str] = None
    dropped: int = Field(ge=0, description="frames of this camera passed over since the service started")
    timings: StageTimings


class IncidentEvent(Message):
    """One step in the life of an incident, on the stream ``incidents``.

    Attachments of the stream entry: ``frame`` (the JPEG that was scored) and ``annotated`` (the same picture with boxes
    and heat-map), both for ``opened`` and ``worsened``.
    """

    event_id: str = Field(default_factory=new_id, description="unique per event: receivers use it to drop repeats")
    incident_id: str
    revision: int = Field(ge=0, description="0 for opened, then counting up")
    kind: Literal["fire", "camera_fault", "not_judged", "canary", "drill"]
    change: Literal["opened", "worsened", "updated", "cleared"]
    camera_id: CameraId
    camera_name: str
    label: str = Field(description="fire or start_fire; for a camera fault its kind; for not_judged the cause")
    score: Probability = Field(description="probability of the label in the frame of this event")
    peak_score: Probability
    opened_at: datetime = Field(description="when the suspicion began")
    confirmed_at: datetime
    opened_s: float = Field(description="stream time at which the suspicion began")
    confirmed_s: float = Field(description="stream time of the confirmation")
    cleared_s: Optional[float] = None
    frames_positive: int = Field(ge=0, description="frames since the suspicion began that spoke for it")
    frames_seen: int = Field(ge=0, description="frames judged since the suspicion began")
    frame: FrameRef
    model: Optional[ModelRef] = None
    boxes: List[Box] = Field(default_factory=list)
    trend: Optional[Trend] = Field(None, description="what its extent does; None: seen for too short a time")
    threshold: Optional[Probability] = Field(None, description="steady score that counted at its place and hour")
    budget: Optional[Budget] = Field(None, description="None: this camera was not calibrated with this model")
    raised_by: List[str] = Field(default_factory=list, description="names of the schedules that raised the threshold")
    learned: Optional[LearnedThreshold] = Field(None, description="None: the threshold was not raised by learning")
    judged_by: str = Field("", description="the instance of the inference service that raised it")
    previous_incident_id: Optional[str] = Field(None, description="the incident that was clearing when this one began")
    places: List[Spot] = Field(
        default_factory=list,
        description="where it burns, in the order of telling; a worsening that has one more tells of another fire",
    )
    created_at: datetime = Field(default_factory=utc_now)


class Actor(Message):
    """Who did something, and how we know."""

    channel: Literal["telegram", "rest", "cli", "dashboard", "system"]
    id: str = Field(description="chat id, token subject or service name")
    name: str = ""
    proof: str = Field("", description="configuration | session:<jti> | service-token")


class Command(Message):
    """An order on the stream ``commands``; receivers apply it once per ``command_id``."""

    command_id: str = Field(default_factory=new_id)
    action: Literal["acknowledge", "false_alarm", "undo_false_alarm", "snooze", "unsnooze", "arm", "disarm", "drill"]
    actor: Actor
    incident_id: Optional[str] = None
    camera_id: Optional[CameraId] = Field(None, description="None: all cameras")
    duration_s: Optional[float] = Field(None, gt=0)
    at: datetime = Field(default_factory=utc_now)
    authorization: str = Field(
        "",
        max_length=4200,
        repr=False,
        description="who gave it, provably: a session token of the face service, or the notifier's own signature",
    )


class AuditRecord(Message):
    """Who did what, proven how, with which outcome; stream ``audit``."""

    actor: Actor
    action: str
    target: str = ""
    outcome: Literal["allowed", "refused", "failed"]
    detail: str = ""
    at: datetime = Field(default_factory=utc_now)


class DeliveryReport(Message):
    """What became of one step of one incident for one recipient; stream ``deliveries``."""

    incident_id: str
    camera_id: CameraId
    step: str = Field(description="text, photo, clip, update, …")
    channel: str
    recipient: str
    outcome: Literal["delivered", "dead_letter"]
    message_id: Optional[str] = Field(None, description="the channel's own proof of delivery")
    detail: str = Field("", description="a path, a URL or the reason of a failure")
    attempts: int = Field(ge=0)
    latency_s: float = Field(description="seconds from the confirmation to this outcome, wall clock")
    at: datetime = Field(default_factory=utc_now)


class DoctorFinding(Message):
    """One result of the doctor: the issue, and what mends it."""

    check: str
    level: Literal["ok", "warning", "problem"]
    issue: str
    suggestion: str = ""


class DoctorReport(Message):
    """What the doctor found; under the key ``doctor:report``."""

    findings: List[DoctorFinding]
    at: datetime = Field(default_factory=utc_now)


class CameraStatus(Message):
    """How one camera does."""

    camera_id: CameraId
    name: str
    state: Literal["connecting", "running", "stalled", "offline", "ended"]
    source: str = Field(description="redacted: never credentials")
    epoch: str
    frames: int = Field(ge=0, description="frames published in this epoch; the last sequence is frames - 1")
    dropped: int = Field(ge=0)
    reconnects: int = Field(ge=0)
    fps: float = Field(ge=0)
    last_frame_age_s: Optional[float] = None
    width: Optional[int] = None
    height: Optional[int] = None
    error: Optional[str] = None


class ServiceStatus(Message):
    """The heartbeat of a service instance: pub/sub ``status.<service>`` and a key that expires."""

    service: str
    instance: str
    ready: bool
    checks: Dict[str, str] = Field(default_factory=dict, description="failing or passing checks by name")
    cameras: List[CameraStatus] = Field(default_factory=list)
    judged_s: Dict[str, float] = Field(
        default_factory=dict, description="seconds since a frame was last judged, by camera; the inference service's"
    )
    details: Dict[str, Any] = Field(default_factory=dict)
    at: datetime = Field(default_factory=utc_now)
