"""How well two pictures agree once one is laid over the other: what only copies of one picture do."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

#: (S, S) float32, luminance without its coarse structure.
Details = npt.NDArray[np.float32]
#: (2, 3) float32, places of the second picture -> places of the first.
Warp = npt.NDArray[np.float32]

#: Part of a side of the second picture that is looked for in the first, and how much larger or smaller it may be there.
_MIDDLE, _SCALES = 0.7, (0.86, 0.93, 1.0, 1.08, 1.16)
#: Areas may differ this much: a copy of which more was cut away, or that is stretched more, is another picture.
_AREA = (0.6, 1.7)
#: Share of the second picture that must lie inside of the first.
_OVERLAP = 0.6
#: No mask: every place of the first picture counts.
_ANYWHERE = np.empty((0, 0), dtype=np.uint8)
_STOP = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 60, 1e-4)


def coarse_agreement(first: Details, second: Details) -> tuple[float, Warp]:
    """Best correlation (0-1) of the middle of `second` with `first` over shifts and scales, and where it lies."""
    side = first.shape[0]
    margin = (side - round(side * _MIDDLE)) // 2
    middle = second[margin : side - margin, margin : side - margin]
    best, warp = 0.0, np.eye(2, 3, dtype=np.float32)
    for scale in _SCALES:
        size = round(middle.shape[0] * scale)
        template = cv2.resize(middle, (size, size), interpolation=cv2.INTER_LINEAR)
        _, score, _, (x, y) = cv2.minMaxLoc(cv2.matchTemplate(first, template, cv2.TM_CCOEFF_NORMED))
        if score > best:
            exact = size / middle.shape[0]
            best = float(score)
            warp = np.array([[exact, 0, x - exact * margin], [0, exact, y - exact * margin]], dtype=np.float32)
    return best, warp


def aligned_agreement(first: Details, second: Details, start: Warp) -> float:
    """Correlation (0-1) of all that overlaps after the best affine alignment near `start`; 0 when too little does.

    Enhanced correlation coefficient (Evangelidis and Psarakis, 2008). Laying one sunset over another brings suns and
    horizons together but not the clouds, so their agreement falls; that of copies, stretched ones too, rises.
    """
    try:
        _, found = cv2.findTransformECC(second, first, start.copy(), cv2.MOTION_AFFINE, _STOP, _ANYWHERE, 3)
        warp = np.asarray(found, dtype=np.float32)
    except cv2.error:  # it did not converge: nothing fits better than the start
        warp = start
    if not _AREA[0] <= float(np.linalg.det(warp[:, :2])) <= _AREA[1]:
        return 0.0
    how, size = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, second.shape[::-1]
    laid = cv2.warpAffine(first, warp, size, flags=how)
    inside = cv2.warpAffine(np.ones_like(first), warp, size, flags=how) > 0.99
    if float(inside.mean()) < _OVERLAP:
        return 0.0
    return max(0.0, float(np.corrcoef(laid[inside], second[inside])[0, 1]))
