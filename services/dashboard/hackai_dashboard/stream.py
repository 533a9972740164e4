"""The one stream of a live page: every camera's frames with what the model says of them, on a single connection.

A browser opens six connections to a host at most; one MJPEG stream per tile would stop the page at the sixth camera.
Each part is 4 bytes length of a JSON header (big endian), the header, and as many bytes as its ``jpeg`` says.
"""

from __future__ import annotations

import asyncio
import json
import struct
from collections.abc import AsyncIterator, Callable
from typing import Any

from hackai_dashboard.feed import Shot, Viewer
from hackai_shared.clock import frame_age_s
from hackai_shared.figures import percent
from hackai_shared.judged import is_judged
from hackai_shared.messages import CameraStatus, FrameDetections

_LENGTH = struct.Struct(">I")
# A page learns at least this often that it is still connected.
HEARTBEAT_S = 1.0
HARMLESS = "no_fire"


def pack(header: dict[str, Any], jpeg: bytes = b"") -> bytes:
    """Return one part."""
    head = json.dumps({**header, "jpeg": len(jpeg)}, separators=(",", ":")).encode()
    return b"".join((_LENGTH.pack(len(head)), head, jpeg))


def shot_part(shot: Shot) -> bytes:
    """Return the part of a frame."""
    header = shot.frame.header
    return pack(
        {
            "type": "frame",
            "camera": header.camera_id,
            "sequence": header.sequence,
            "age_s": round(frame_age_s(header), 3),
            "judged_s": None if shot.judged_s is None else round(shot.judged_s, 3),
            # What was said of an old frame says nothing of this one.
            "says": detections_json(shot.detections) if shot.detections and is_judged(shot.judged_s) else None,
        },
        shot.frame.jpeg,
    )


def detections_json(detections: FrameDetections) -> dict[str, Any]:
    """Return what a tile shows of the model's opinion."""
    return {
        "label": detections.label,
        "state": detections.state,
        "danger": round(danger(detections.probabilities), 3),
        "danger_text": percent(danger(detections.probabilities)),
        "evidence": round(min(detections.evidence, 1.0), 3),
        "infer_ms": round(detections.timings.infer_ms, 1),
        "boxes": [[box.x1, box.y1, box.x2, box.y2] for box in detections.boxes],
    }


def danger(probabilities: dict[str, float]) -> float:
    """Return how probable a fire or a starting one is: everything but the harmless class, 0-1."""
    return min(1.0, sum(value for label, value in probabilities.items() if label != HARMLESS))


def statuses_part(cameras: list[CameraStatus]) -> bytes:
    """Return the part that says how the cameras do."""
    return pack(
        {
            "type": "cameras",
            "cameras": [
                camera.model_dump(mode="json", include={"camera_id", "state", "fps", "last_frame_age_s", "error"})
                for camera in cameras
            ],
        }
    )


async def parts(viewer: Viewer, *, fps: float, holds: Callable[[], bool]) -> AsyncIterator[bytes]:
    """Yield parts, at most ``fps`` rounds a second, until the session no longer holds.

    The next round begins when the browser has taken this one: a slow one gets fewer frames, never older ones.
    """
    loop = asyncio.get_running_loop()
    spoken = 0.0
    while holds():
        began = loop.time()
        for shot in viewer.take():
            yield shot_part(shot)
        statuses = viewer.take_statuses()
        if statuses is not None:
            yield statuses_part(statuses)
        if viewer.take_incidents_changed():
            yield pack({"type": "incidents"})
        if loop.time() - spoken >= HEARTBEAT_S:
            spoken = loop.time()
            yield pack({"type": "heartbeat"})
        await asyncio.sleep(max(0.01, 1.0 / fps - (loop.time() - began)))
    yield pack({"type": "end"})
