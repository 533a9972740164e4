"""From changes of a fault to the events that people are told. Pure: ids and clocks are arguments."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from hackai_camera.faults.persistence import FaultChange
from hackai_shared.messages import FrameRef, IncidentEvent


class FaultLog:
    """The open incident of kind ``camera_fault`` of one camera."""

    def __init__(
        self, camera_id: str, camera_name: str, *, new_id: Callable[[], str], open_event: IncidentEvent | None = None
    ) -> None:
        self._camera_id = camera_id
        self._camera_name = camera_name
        self._new_id = new_id
        self.open_event = open_event

    def advance(
        self, change: FaultChange, frame: FrameRef | None, *, stream_s: float, now_s: float, now: datetime
    ) -> IncidentEvent | None:
        """Return the event of a change; None where a repeated end has nothing to end.

        ``frame`` is the last one that came, ``stream_s`` the camera's own time now, ``now_s`` the clock of the change.
        """
        known = self.open_event
        if change.change != "opened" and known is None:
            return None
        if frame is None:  # a camera that never delivered any
            frame = FrameRef(camera_id=self._camera_id, epoch="", sequence=0, captured_at=now, stream_s=0.0)
        if known is None:
            lasted_s = max(0.0, now_s - change.since_s)
            event = IncidentEvent(
                incident_id=self._new_id(),
                revision=0,
                kind="camera_fault",
                change="opened",
                camera_id=self._camera_id,
                camera_name=self._camera_name,
                label=change.fault,
                score=1.0,
                peak_score=1.0,
                opened_at=now - timedelta(seconds=lasted_s),
                confirmed_at=now,
                opened_s=stream_s - lasted_s,
                confirmed_s=stream_s,
                frames_positive=0,
                frames_seen=0,
                frame=frame,
                created_at=now,
            )
        else:
            event = known.model_copy(
                update={
                    "event_id": self._new_id(),
                    "revision": known.revision + 1,
                    "change": change.change,
                    "label": change.fault,
                    "frame": frame,
                    "cleared_s": stream_s if change.change == "cleared" else None,
                    "created_at": now,
                }
            )
        self.open_event = None if change.change == "cleared" else event
        return event
