"""What landmarks say about the head: yaw, pitch, roll, and how far the eyes are open. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Points = npt.NDArray[np.float32]

# The tip of the nose stands out of the plane of the eyes by about 0.55 of the distance between the eyes (Farkas,
# Anthropometry of the Head and Face: nasal protrusion and depth of the eyes against an interpupillary distance of
# 63 mm).
NOSE_DEPTH = 0.55
# Where the nose stands between the line of the eyes (0) and that of the mouth (1) when the head is level: the median of
# photographs of 150 people is 0.53.
LEVEL_NOSE = 0.53

# Landmarks of 2d106det: corners of an eye, and the pairs of its upper and lower lid.
_EYES = (
    ((35, 39), ((41, 36), (40, 33), (42, 37))),
    ((89, 93), ((95, 90), (94, 87), (96, 91))),
)


@dataclass(frozen=True)
class HeadPose:
    """Degrees for yaw (positive: the nose points to the right of the picture) and roll; see ``pitch_ratio`` below.

    ``pitch_ratio`` is how far the nose is from its level place, as a share of the distance from eyes to mouth: positive
    when the head is lowered.
    """

    yaw_deg: float
    pitch_ratio: float
    roll_deg: float


def head_pose(points: Points) -> HeadPose:
    """Return the pose of a head from its five points ``(5, 2)``.

    Yaw comes from the place of the nose between the eyes, measured *along the line of the eyes*. Such a ratio does not
    change under any affine picture of a flat thing: a photograph that is turned, tilted, moved or stretched in front of
    the camera keeps the yaw that it shows. Only a nose that stands out of the plane changes it.
    """
    left_eye, right_eye, nose, left_mouth, right_mouth = points.astype(np.float64)
    across = right_eye - left_eye
    distance = float(np.hypot(*across)) or 1e-9
    eyes, mouth = (left_eye + right_eye) / 2, (left_mouth + right_mouth) / 2
    # Solve nose = eyes + a * across + b * (mouth - eyes): coordinates in the plane of the face.
    down = mouth - eyes
    determinant = float(across[0] * down[1] - across[1] * down[0]) or 1e-9
    offset = nose - eyes
    a = float(offset[0] * down[1] - offset[1] * down[0]) / determinant
    b = float(across[0] * offset[1] - across[1] * offset[0]) / determinant
    # Seen at yaw t the eyes are distance*cos(t) apart and the nose is off by depth*sin(t): a = depth * tan(t).
    yaw = math.degrees(math.atan2(a, NOSE_DEPTH))
    roll = math.degrees(math.atan2(float(across[1]), float(across[0]))) if distance > 1e-6 else 0.0
    return HeadPose(yaw, b - LEVEL_NOSE, roll)


def eye_openness(landmarks: Points) -> float:
    """Return how far the wider of the two eyes is open: mean height over width, about 0.26 open and 0.1 closed.

    Eye aspect ratio after Soukupová and Čech, "Real-Time Eye Blink Detection using Facial Landmarks", 2016, on the
    landmarks of 2d106det. The wider eye counts, so that a turned head is no wink.
    """
    ratios = []
    for (outer, inner), lids in _EYES:
        width = float(np.hypot(*(landmarks[outer] - landmarks[inner]))) or 1e-9
        heights = [float(np.hypot(*(landmarks[up] - landmarks[low]))) for up, low in lids]
        ratios.append(sum(heights) / len(heights) / width)
    return max(ratios)
