"""What the frames of a login or the photos of an enrolment show, worked out once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from hackai_face_auth.engine.faces import DetectedFace, FaceEngine, Floats, Pixels
from hackai_face_auth.engine.geometry import eye_openness
from hackai_face_auth.engine.video import Frame
from hackai_face_auth.liveness.moment import Moment
from hackai_face_auth.liveness.passive import AntiSpoof
from hackai_face_auth.liveness.scene import view_of
from hackai_face_auth.quality import FaceQuality, measure

# A second face counts as another person in the picture from this share of the first one's size on; smaller ones are
# people in the background.
BACKGROUND_SHARE = 0.5
# A face that is worth comparing: turned further, smaller or blurred, embeddings get unreliable.
USABLE_YAW_DEG = 35.0
USABLE_PX = 40.0
USABLE_SHARPNESS = 15.0


@dataclass(frozen=True)
class FaceView:
    """The face of one frame; ``at_s`` is its time in the capture."""

    picture: Pixels
    face: DetectedFace
    quality: FaceQuality
    embedding: Floats
    at_s: float = 0.0

    @property
    def usable(self) -> bool:
        """Whether its embedding says who it is."""
        return (
            abs(self.quality.pose.yaw_deg) <= USABLE_YAW_DEG
            and self.quality.face_px >= USABLE_PX
            and self.quality.sharpness >= USABLE_SHARPNESS
        )


def look(engine: FaceEngine, picture: Pixels) -> tuple[int, FaceView | None]:
    """Return how many people are in a BGR picture, and the view of the nearest one."""
    faces = engine.detect(picture)
    if not faces:
        return 0, None
    nearest = faces[0]
    count = sum(1 for face in faces if face.height >= BACKGROUND_SHARE * nearest.height)
    aligned = engine.align(picture, nearest)
    return count, FaceView(picture, nearest, measure(picture, nearest, aligned), engine.embed(aligned))


@dataclass(frozen=True)
class Capture:
    """The frames of one login, in order of time; frames without a face are left out."""

    views: Sequence[FaceView]
    frames: int
    crowded: int

    @property
    def embeddings(self) -> Floats:
        """``(usable frames, 512) float32``."""
        usable = [view.embedding for view in self.views if view.usable]
        return np.stack(usable) if usable else np.empty((0, 512), np.float32)


def capture(engine: FaceEngine, frames: Sequence[Frame]) -> Capture:
    """Look at all frames."""
    views: list[FaceView] = []
    crowded = 0
    for frame in frames:
        count, view = look(engine, frame.picture)
        crowded += count > 1
        if view is not None:
            views.append(replace(view, at_s=frame.at_s))
    return Capture(views, len(frames), crowded)


def movements_of(engine: FaceEngine, seen: Capture) -> list[Moment]:
    """Return what the judge of an active challenge looks at."""
    return [_moment(engine, view) for view in seen.views]


def _moment(engine: FaceEngine, view: FaceView) -> Moment:
    landmarks = engine.landmarks(view.picture, view.face)
    return Moment(
        at_s=view.at_s,
        pose=view.quality.pose,
        openness=eye_openness(landmarks),
        landmarks=landmarks,
        embedding=view.embedding,
        center=(float(view.face.box[:3:2].mean()), float(view.face.box[1::2].mean())),
        size=view.face.height,
        view=view_of(view.picture, view.face),
    )


def real_probabilities(antispoof: AntiSpoof, seen: Capture) -> list[float]:
    """Return the passive model's opinion of each usable frame (of all, where none is)."""
    usable = [view for view in seen.views if view.usable] or list(seen.views)
    return [antispoof.real_probability(view.picture, view.face) for view in usable]
