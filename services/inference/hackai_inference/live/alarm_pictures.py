"""The pictures that go with an alarm: the frame that was judged, and the same frame with what was seen drawn on it."""

from __future__ import annotations

from typing import Dict

import cv2
import structlog

from hackai_inference.live.camera_pipeline import PipelineResult, Received
from hackai_inference.models.judgement import Judgement
from hackai_inference.pictures.annotate import annotate
from hackai_shared.messages import IncidentEvent
from hackai_shared.serving.decoding import ImageError

log = structlog.get_logger(__name__)

PICTURED = ("opened", "worsened")


def pictures_of(
    event: IncidentEvent, received: Received, judgement: Judgement, result: PipelineResult, *, heat_map: bool
) -> Dict[str, bytes]:
    """Return ``frame`` and ``annotated`` as JPEG by name; none for an event that rings nobody.

    An alarm goes out even if its drawing fails: then there is the frame alone.
    """
    if event.change not in PICTURED:
        return {}
    header, pictures = received.header, {"frame": received.jpeg}
    heat = judgement.heat(event.label, width=header.width, height=header.height) if heat_map else None
    try:
        pictures["annotated"] = annotate(
            received.jpeg,
            label=event.label,
            score=event.score,
            camera_name=event.camera_name,
            at=header.captured_at,
            boxes=event.boxes,
            heat=heat,
            moments=result.moments,
            place=result.place,
        )
    except (ImageError, cv2.error, OSError, ValueError):
        log.exception("incident picture was not drawn", camera=event.camera_id, incident=event.incident_id)
    return pictures
