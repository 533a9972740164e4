"""Near-duplicates across a split: a model that has seen a test picture knows its answer.

Three stages, each on what the one before left. A difference hash finds candidates quickly, but calls any two sunsets
alike; their details are compared where the middle of one fits best into the other; and what still agrees is laid over
it as well as possible, where only copies of one picture agree in all their details.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from hackai_compression.datasets.alignment import Details, aligned_agreement, coarse_agreement
from hackai_compression.datasets.pictures import Picture, read_picture
from hackai_compression.errors import LeakageError

#: Of 256 bits, between the whole of one picture and the best crop of the other.
MAX_DISTANCE = 60
#: Correlation of details, 0-1, from which on two candidates are aligned.
MIN_COARSE = 0.5
#: Correlation of aligned details above which they are the same picture. Calibrated on the fire data: of the 39 pairs
#: across the published split that are aligned, four lie above 0.8, all of them copies (recoloured, stretched, mirrored,
#: a palm added), the others at 0.61 at most: sunsets, and two frames of one film while the flames moved. Planted copies
#: lie at 0.87 and above.
MIN_AGREEMENT = 0.7

_SIDE = 96
#: Parts of a picture (left, top, right, bottom) that a copy may show: all of it, or what is left when up to 8 % of each
#: side, or 10 % of one, is cut away.
_CROPS = (
    (0.0, 0.0, 1.0, 1.0),
    (0.04, 0.04, 0.96, 0.96),
    (0.08, 0.08, 0.92, 0.92),
    (0.0, 0.0, 0.92, 0.92),
    (0.08, 0.0, 1.0, 0.92),
    (0.0, 0.08, 0.92, 1.0),
    (0.08, 0.08, 1.0, 1.0),
    (0.0, 0.1, 1.0, 1.0),
    (0.0, 0.0, 1.0, 0.9),
    (0.1, 0.0, 1.0, 1.0),
    (0.0, 0.0, 0.9, 1.0),
)
Bits = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class NearDuplicate:
    """Two pictures that look the same: bits of 256 in which their hashes differ, agreement of details 0-1."""

    first: Path
    second: Path
    distance: int
    agreement: float


def difference_hash(picture: Picture) -> Bits:
    """256-bit difference hash of (H, W, 3) uint8 RGB, packed into (32,) uint8.

    Which of two neighbouring cells of a 17x16 grid is brighter: insensitive to size, light,
    contrast and compression (Neal Krawetz, "Kind of like that", 2013).
    """
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    # Smoothing before the reduction keeps codec noise in flat skies from flipping bits.
    cells = cv2.resize(cv2.GaussianBlur(grey, (0, 0), 2), (17, 16), interpolation=cv2.INTER_AREA).astype(np.int16)
    return np.packbits(cells[:, 1:] > cells[:, :-1])


def details(picture: Picture) -> Details:
    """(96, 96) float32: luminance without its coarse structure, locally of equal contrast."""
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    reduced = cv2.resize(grey, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA).astype(np.float32)
    small = np.asarray(cv2.GaussianBlur(reduced, (0, 0), 0.8), dtype=np.float32)
    fine = small - cv2.GaussianBlur(small, (0, 0), 4)
    energy = np.sqrt(cv2.GaussianBlur(fine * fine, (0, 0), 6))
    # The offset keeps the noise of flat skies from counting as structure.
    return np.asarray(fine / (energy + 3.0), dtype=np.float32)


def agreement(first: Details, second: Details) -> float:
    """How far two pictures are the same one, 0-1: of their middles, and where those agree, of all that overlaps."""
    coarse, place = coarse_agreement(first, second)
    return coarse if coarse < MIN_COARSE else aligned_agreement(first, second, place)


def find_near_duplicates(
    first: Sequence[Path],
    second: Sequence[Path],
    *,
    max_distance: int = MAX_DISTANCE,
    min_agreement: float = MIN_AGREEMENT,
) -> list[NearDuplicate]:
    """Pairs (one of `first`, one of `second`) that show the same picture, mirrored ones included."""
    if not first or not second:
        return []
    ours, theirs = [_Look.at(p) for p in first], [_Look.at(p) for p in second]
    straight, flipped = np.stack([o.bits for o in theirs]), np.stack([o.mirrored_bits for o in theirs])
    pairs = []
    for path, look in zip(first, ours, strict=True):
        near, near_flipped = _nearest(look.bits, straight), _nearest(look.bits, flipped)
        for j in np.flatnonzero(np.minimum(near, near_flipped) <= max_distance):
            fine = theirs[j].fine if near[j] <= near_flipped[j] else np.ascontiguousarray(theirs[j].fine[:, ::-1])
            score = agreement(look.fine, fine)
            if score >= min_agreement:
                pairs.append(NearDuplicate(path, second[int(j)], int(min(near[j], near_flipped[j])), round(score, 3)))
    return pairs


def refuse_leakage(train: Sequence[Path], held_out: Sequence[Path]) -> None:
    """Raises `LeakageError` with every pair when a held-out picture is also among the training pictures."""
    pairs = find_near_duplicates(train, held_out)
    if pairs:
        raise LeakageError([(p.first, p.second, p.distance) for p in pairs])


@dataclass(frozen=True)
class _Look:
    """Hashes of the crops, (K, 32) uint8, straight and mirrored, and the details of one picture."""

    bits: Bits
    mirrored_bits: Bits
    fine: Details

    @classmethod
    def at(cls, path: Path) -> _Look:
        picture = read_picture(path, 320)
        mirrored = np.ascontiguousarray(picture[:, ::-1])
        return cls(_crop_hashes(picture), _crop_hashes(mirrored), details(picture))


def _crop_hashes(picture: Picture) -> Bits:
    height, width = picture.shape[:2]
    return np.stack(
        [
            difference_hash(
                picture[round(top * height) : round(bottom * height), round(left * width) : round(right * width)]
            )
            for left, top, right, bottom in _CROPS
        ]
    )


def _nearest(crops: Bits, others: Bits) -> npt.NDArray[np.int64]:
    """(N,) smallest distance of whole to crop and of crop to whole; (K, 32) against (N, K, 32)."""
    whole_to_crops = _hamming(crops[0], others).min(axis=1)
    crops_to_whole = np.stack([_hamming(row, others[:, 0]) for row in crops]).min(axis=0)
    return np.asarray(np.minimum(whole_to_crops, crops_to_whole))


def _hamming(row: Bits, others: Bits) -> npt.NDArray[np.int64]:
    different = np.bitwise_xor(row.view(np.uint64), others.view(np.uint64))
    return np.asarray(np.bitwise_count(different).sum(axis=-1, dtype=np.int64))
