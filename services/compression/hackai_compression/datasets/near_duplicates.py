"""Near-duplicates across a split: a model that has seen a test picture knows its answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from hackai_compression.datasets.pictures import Picture, read_picture
from hackai_compression.errors import LeakageError

#: Of 256 bits. Planted copies (re-encoded, resized, brightened, cropped by 4 %, mirrored) stay below
#: it, unrelated pictures of the fire data lie above 60 (`tests/unit/compression/test_near_duplicates.py`).
MAX_DISTANCE = 40

_BYTE_BITS = np.array([bin(i).count("1") for i in range(256)], dtype=np.uint16)


@dataclass(frozen=True)
class NearDuplicate:
    """Two pictures that look the same, and in how many of 256 bits their hashes differ."""

    first: Path
    second: Path
    distance: int


def difference_hash(picture: Picture) -> npt.NDArray[np.uint8]:
    """256-bit difference hash of (H, W, 3) uint8 RGB, packed into (32,) uint8.

    Which of two neighbouring cells of a 17x16 grid is brighter: insensitive to size, light,
    contrast and compression (Neal Krawetz, "Kind of like that", 2013).
    """
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    # Light smoothing after the reduction keeps codec noise in flat skies from flipping bits.
    cells = cv2.resize(cv2.GaussianBlur(grey, (0, 0), 2), (17, 16), interpolation=cv2.INTER_AREA).astype(np.int16)
    return np.packbits(cells[:, 1:] > cells[:, :-1])


def find_near_duplicates(
    first: Sequence[Path], second: Sequence[Path], max_distance: int = MAX_DISTANCE
) -> list[NearDuplicate]:
    """Pairs (one of `first`, one of `second`) that show the same picture, mirrored ones included."""
    if not first or not second:
        return []
    left = np.stack([difference_hash(read_picture(p, 320)) for p in first])
    right_pictures = [read_picture(p, 320) for p in second]
    right = np.stack([difference_hash(p) for p in right_pictures])
    mirrored = np.stack([difference_hash(np.ascontiguousarray(p[:, ::-1])) for p in right_pictures])
    pairs = []
    for i, row in enumerate(left):
        distance = np.minimum(_hamming(row, right), _hamming(row, mirrored))
        for j in np.flatnonzero(distance <= max_distance):
            pairs.append(NearDuplicate(first[i], second[int(j)], int(distance[j])))
    return pairs


def refuse_leakage(train: Sequence[Path], held_out: Sequence[Path], max_distance: int = MAX_DISTANCE) -> None:
    """Raises `LeakageError` with every pair when a held-out picture is also among the training pictures."""
    pairs = find_near_duplicates(train, held_out, max_distance)
    if pairs:
        raise LeakageError([(p.first, p.second, p.distance) for p in pairs])


def _hamming(row: npt.NDArray[np.uint8], others: npt.NDArray[np.uint8]) -> npt.NDArray[np.int64]:
    return _BYTE_BITS[np.bitwise_xor(row, others)].sum(axis=1, dtype=np.int64)
