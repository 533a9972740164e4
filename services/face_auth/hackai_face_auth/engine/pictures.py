"""From uploaded bytes to BGR pixels of a size that is worth looking at."""

from __future__ import annotations

import cv2
import numpy as np

from hackai_face_auth.engine.faces import Pixels
from hackai_shared.serving.decoding import decode_image

# The detector looks at 640 pixels at most; more only helps the sharpness of a small face in a large photo.
LONGEST_PX = 1600


def decode_picture(data: bytes, *, max_pixels: int) -> Pixels:
    """Return ``(H, W, 3) uint8`` BGR, upright (EXIF), the longer side at most 1600.

    Raises:
        ImageError: not a JPEG, PNG or WebP picture, damaged, or too large.
    """
    rgb = decode_image(data, fit_height=LONGEST_PX // 2, fit_width=LONGEST_PX // 2, max_pixels=max_pixels)
    bgr = cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR)
    scale = LONGEST_PX / max(bgr.shape[:2])
    if scale < 1:
        bgr = cv2.resize(bgr, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(bgr, dtype=np.uint8)
