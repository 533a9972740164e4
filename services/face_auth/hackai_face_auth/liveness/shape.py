"""Does a homography explain how the landmarks of a face moved? Then it is a plane, not a head. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from hackai_face_auth.engine.faces import Floats

_LEFT_EYE, _RIGHT_EYE = slice(33, 43), slice(87, 97)


def relief(straight: Sequence[Floats], turned: Floats, yaw_deg: float) -> float:
    """Return what the best homography leaves unexplained of a turn, per sine of its angle, in distances of the eyes.

    Root of the mean squared residual over all 106 landmarks from the mean of the ``straight`` frames to the ``turned``
    one. A plane leaves only the error of the landmarks, whatever its perspective; of a head, nose, cheeks and jaw move
    by their depth times the sine of the angle.
    """
    start = np.mean([points - points.mean(0) for points in straight], axis=0).astype(np.float64)
    end = (turned - turned.mean(0)).astype(np.float64)
    between = float(np.hypot(*(start[_LEFT_EYE].mean(0) - start[_RIGHT_EYE].mean(0)))) or 1e-9
    plane, _ = cv2.findHomography(start, end, 0)
    if plane is None:
        return 0.0
    explained = cv2.perspectiveTransform(start[None], plane)[0]
    residual = float(np.sqrt(((explained - end) ** 2).sum(1).mean()))
    return residual / between / max(abs(float(np.sin(np.radians(yaw_deg)))), 1e-3)
