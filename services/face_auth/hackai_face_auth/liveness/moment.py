"""What one frame says to the judge of a challenge."""

from __future__ import annotations

from dataclasses import dataclass

from hackai_face_auth.engine.faces import Floats
from hackai_face_auth.engine.geometry import HeadPose
from hackai_face_auth.liveness.scene import View


@dataclass(frozen=True)
class Moment:
    """One frame: ``at_s`` seconds since the first, ``center`` and ``size`` of the face in pixels.

    ``landmarks`` is ``(106, 2)`` in pixels; ``embedding`` ties all frames to one person.
    """

    at_s: float
    pose: HeadPose
    openness: float
    landmarks: Floats
    embedding: Floats
    center: tuple[float, float]
    size: float
    view: View
