"""Is a photo good enough to recognize somebody by? Pure: measures in, reasons in words for people out."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from hackai_face_auth.engine.faces import DetectedFace, Pixels
from hackai_face_auth.engine.geometry import HeadPose, head_pose
from hackai_shared.config.faces import QualityConfig

# Without hair and background, which have edges of their own.
_CENTRE = slice(16, 96)
_BLACK, _WHITE = 8, 247


@dataclass(frozen=True)
class FaceQuality:
    """Measures of one face; grey levels 0-255, of the middle of the aligned face."""

    face_px: float
    detection: float
    pose: HeadPose
    sharpness: float
    brightness: float
    clipped: float
    cut_off: bool


def measure(picture: Pixels, face: DetectedFace, aligned: Pixels) -> FaceQuality:
    """Return the measures of a face in a ``(H, W, 3)`` BGR picture and its aligned crop ``(112, 112, 3)``."""
    grey = cv2.cvtColor(aligned, cv2.COLOR_BGR2GRAY)[_CENTRE, _CENTRE]
    height, width = picture.shape[:2]
    x1, y1, x2, y2 = (float(value) for value in face.box)
    # A box may go a little over the edge; eyes, nose and mouth may not.
    inside = bool((face.points >= 0).all() and (face.points[:, 0] < width).all() and (face.points[:, 1] < height).all())
    seen = max(0.0, min(x2, width) - max(x1, 0.0)) * max(0.0, min(y2, height) - max(y1, 0.0))
    return FaceQuality(
        face_px=min(face.width, face.height),
        detection=face.score,
        pose=head_pose(face.points),
        sharpness=float(cv2.Laplacian(grey, cv2.CV_64F).var()),
        brightness=float(grey.mean()),
        clipped=float(np.mean((grey < _BLACK) | (grey > _WHITE))),
        cut_off=not inside or seen < 0.9 * face.width * face.height,
    )


def objections(quality: FaceQuality, config: QualityConfig) -> list[str]:
    """Return what speaks against enrolling with this face; empty when nothing does."""
    pose = quality.pose
    checks = [
        (quality.cut_off, "the face is cut off at the edge of the picture"),
        (
            quality.face_px < config.min_face_px,
            f"the face is too small ({quality.face_px:.0f} pixels, {config.min_face_px} are needed); come closer",
        ),
        (quality.detection < config.min_detection, "the face is not clearly visible"),
        (quality.sharpness < config.min_sharpness, "the face is blurred; hold still and wipe the lens"),
        (abs(pose.yaw_deg) > config.max_yaw_deg, "the head is turned too far; look into the camera"),
        (abs(pose.pitch_ratio) > config.max_pitch_ratio, "the head is raised or lowered; look into the camera"),
        (abs(pose.roll_deg) > config.max_roll_deg, "the head is tilted"),
        (quality.brightness < config.min_brightness, "the face is too dark"),
        (quality.brightness > config.max_brightness, "the face is too bright"),
        (quality.clipped > config.max_clipped, "much of the face is black or white; avoid hard light"),
    ]
    return [words for failed, words in checks if failed]


def count_objection(faces: int) -> str | None:
    """Return what speaks against a photo with so many faces."""
    if faces == 0:
        return "no face was found"
    return f"{faces} faces are in the picture, exactly one is needed" if faces > 1 else None
