"""What is around the face, and what covers it: the background, the color of the skin, the beat of a screen. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from hackai_face_auth.engine.faces import DetectedFace, Floats, Pixels

_WIDTH = 64
# A hand that holds a phone moves the background by up to an eighth of the picture.
_REACH = 8
# Hair, ears and shoulders are not background: half a face beside the box, and nothing below the chin.
_BESIDE = 0.55
# Less background than this says nothing.
_ENOUGH = 80
_PATCH = 128
_NEAREST, _FARTHEST, _RING = 9, 45, 4


@dataclass(frozen=True)
class View:
    """One frame without its details.

    ``thumbnail`` ``(H, 64, 3) float32`` BGR 0-255, ``outside`` ``(H, 64) bool`` where the background is, ``skin``
    ``(2,)`` mean a and b (CIE Lab, 8 bit) of the middle of the face, ``spectrum`` ``(128, 128) float32`` of its color.
    """

    thumbnail: Floats
    outside: npt.NDArray[np.bool_]
    skin: Floats
    spectrum: Floats


def view_of(picture: Pixels, face: DetectedFace) -> View:
    """Return the view of a ``(H, W, 3) uint8`` BGR picture."""
    height, width = picture.shape[:2]
    scale = _WIDTH / width
    rows = max(8, round(height * scale))
    thumbnail = cv2.resize(picture, (_WIDTH, rows), interpolation=cv2.INTER_AREA).astype(np.float32)
    outside = np.ones((rows, _WIDTH), bool)
    left, top, right, bottom = (float(value) * scale for value in face.box)
    beside, above = _BESIDE * (right - left), _BESIDE * (bottom - top)
    outside[max(0, int(top - above)) :, max(0, int(left - beside)) : max(0, int(right + beside)) + 1] = False
    outside[max(0, int(bottom)) :] = False
    (x1, y1), (x2, y2) = face.points.min(0), face.points.max(0)
    middle = picture[max(0, int(y1)) : max(1, int(y2)), max(0, int(x1)) : max(1, int(x2))]
    skin = np.zeros(2, np.float32)
    if middle.size:
        skin = cv2.cvtColor(middle, cv2.COLOR_BGR2LAB).reshape(-1, 3)[:, 1:].mean(0).astype(np.float32)
    return View(thumbnail, np.asarray(outside), skin, _spectrum(picture, face))


def background_change(before: View, after: View) -> float | None:
    """Return how much the background differs, median grey levels after the best shift; None: too little is seen."""
    rows = min(before.thumbnail.shape[0], after.thumbnail.shape[0])
    best: float | None = None
    for down in range(-_REACH, _REACH + 1, 2):
        for across in range(-_REACH, _REACH + 1, 2):
            ours, theirs = _overlap(rows, down), _overlap(_WIDTH, across)
            both = before.outside[ours[0], theirs[0]] & after.outside[ours[1], theirs[1]]
            if both.sum() < _ENOUGH:
                continue
            change = np.abs(before.thumbnail[ours[0], theirs[0]] - after.thumbnail[ours[1], theirs[1]])[both]
            value = float(np.median(change))
            best = value if best is None else min(best, value)
    return best


def skin_change(before: View, after: View) -> float:
    """Return the distance of the colors of the skin, in the plane of a and b."""
    return float(np.hypot(*(before.skin - after.skin)))


def screen_beat(views: Sequence[View]) -> float:
    """Return how far the strongest regular pattern in the colors of the face stands out, about 2 to 4 for skin.

    The grid of a screen and that of a sensor beat: stripes of color with one period over the whole face.
    """
    total = np.sum([view.spectrum for view in views], axis=0)
    v, u = np.mgrid[-_PATCH // 2 : _PATCH // 2, -_PATCH // 2 : _PATCH // 2]
    radius = np.hypot(u, v)
    strongest = 0.0
    for near in range(_NEAREST, _FARTHEST, _RING):
        ring = total[(radius >= near) & (radius < near + _RING)]
        strongest = max(strongest, float(ring.max() / max(float(np.median(ring)), 1e-6)))
    return strongest


def _overlap(length: int, shift: int) -> tuple[slice, slice]:
    return slice(max(0, shift), length + min(0, shift)), slice(max(0, -shift), length - max(0, shift))


def _spectrum(picture: Pixels, face: DetectedFace) -> Floats:
    height, width = picture.shape[:2]
    side = min(_PATCH, height, width)
    x = int(np.clip(float(face.box[:3:2].mean()) - side / 2, 0, width - side))
    y = int(np.clip(float(face.box[1::2].mean()) - side / 2, 0, height - side))
    patch = np.zeros((_PATCH, _PATCH, 3), np.float32)
    patch[:side, :side] = picture[y : y + side, x : x + side]
    window = np.outer(np.hanning(_PATCH), np.hanning(_PATCH))
    total = np.zeros((_PATCH, _PATCH))
    for channel in (0, 2):
        color = patch[..., channel] - patch[..., 1]
        total += np.abs(np.fft.fftshift(np.fft.fft2((color - color.mean()) * window)))
    return total.astype(np.float32)
