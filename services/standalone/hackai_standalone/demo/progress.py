"""When the demo is over: the source has ended, its last frame was judged, every step was delivered. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from hackai_shared.messages import CameraStatus, DeliveryReport, FrameRef, IncidentEvent

STEPS = ("text", "photo", "clip")


@dataclass
class Progress:
    """What was seen of one camera so far."""

    channel: str
    camera: CameraStatus | None = None
    judged: FrameRef | None = None
    frames_judged: int = 0
    incidents: list[str] = field(default_factory=list)
    steps_done: set[tuple[str, str]] = field(default_factory=set)

    def on_status(self, status: CameraStatus) -> None:
        """Note the state of the camera."""
        self.camera = status

    def on_judged(self, frame: FrameRef) -> None:
        """Note that a frame went through inference."""
        self.judged = frame
        self.frames_judged += 1

    def on_incident(self, event: IncidentEvent) -> None:
        """Note a new incident."""
        if event.change == "opened":
            self.incidents.append(event.incident_id)

    def on_delivery(self, report: DeliveryReport) -> None:
        """Note that a step came to an end, good or bad."""
        if report.channel == self.channel:
            self.steps_done.add((report.incident_id, report.step))

    @property
    def source_ended(self) -> bool:
        """Whether the camera has shown its last picture."""
        return self.camera is not None and self.camera.state == "ended"

    @property
    def all_judged(self) -> bool:
        """Whether the last frame of an ended source went through inference."""
        if self.camera is None or not self.source_ended:
            return False
        if self.camera.frames == 0:
            return True
        return (
            self.judged is not None
            and self.judged.epoch == self.camera.epoch
            and self.judged.sequence >= self.camera.frames - 1
        )

    @property
    def waiting_for(self) -> list[tuple[str, str]]:
        """The steps of incidents that have not come to an end yet."""
        wanted = [(incident, step) for incident in self.incidents for step in STEPS]
        return [step for step in wanted if step not in self.steps_done]
