"""Decoded pictures in memory: training reads each one hundreds of times."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from hackai_compression.errors import DatasetError

Picture = npt.NDArray[np.uint8]


def read_picture(path: Path, longest: int | None = None) -> Picture:
    """(H, W, 3) uint8 RGB; scaled down so that the longer side is at most `longest`."""
    data = np.fromfile(path, dtype=np.uint8)
    decoded = cv2.imdecode(data, cv2.IMREAD_COLOR) if data.size else None
    if decoded is None:
        raise DatasetError(f"{path} is not a picture that can be decoded")
    if longest and max(decoded.shape[:2]) > longest:
        scale = longest / max(decoded.shape[:2])
        size = (max(1, round(decoded.shape[1] * scale)), max(1, round(decoded.shape[0] * scale)))
        decoded = cv2.resize(decoded, size, interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(decoded[..., ::-1])


class PictureCache:
    """Remembers what it decoded. `longest` bounds the memory: 320 px is at most 300 kB a picture."""

    def __init__(self, longest: int = 320) -> None:
        self._longest = longest
        self._pictures: dict[Path, Picture] = {}

    def get(self, path: Path) -> Picture:
        """The picture, (H, W, 3) uint8 RGB. Callers must not write into it."""
        picture = self._pictures.get(path)
        if picture is None:
            picture = read_picture(path, self._longest)
            picture.flags.writeable = False
            self._pictures[path] = picture
        return picture
