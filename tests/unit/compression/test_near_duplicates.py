from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from hackai_compression.datasets.near_duplicates import find_near_duplicates, refuse_leakage
from hackai_compression.errors import LeakageError

Change = Callable[[np.ndarray], np.ndarray]


def _crop(left: float, top: float, right: float, bottom: float) -> Change:
    return lambda a: a[
        int(top * a.shape[0]) : int(bottom * a.shape[0]), int(left * a.shape[1]) : int(right * a.shape[1])
    ]


def _captioned(a: np.ndarray) -> np.ndarray:
    return cv2.rectangle(a.copy(), (0, a.shape[0] - 14), (a.shape[1], a.shape[0]), (20, 20, 20), -1)


CHANGES: dict[str, Change] = {
    "the same": lambda a: a,
    "re-encoded": lambda a: cv2.imdecode(cv2.imencode(".jpg", a, [cv2.IMWRITE_JPEG_QUALITY, 30])[1], 1),
    "smaller": lambda a: cv2.resize(a, None, fx=0.6, fy=0.6, interpolation=cv2.INTER_AREA),
    "brighter": lambda a: cv2.convertScaleAbs(a, alpha=1.2, beta=15),
    "cropped": _crop(0.04, 0.04, 0.96, 0.96),
    "cropped at one corner": _crop(0.06, 0.0, 1.0, 0.92),
    "mirrored": lambda a: a[:, ::-1],
    "other colours": lambda a: a[..., ::-1],
    "captioned": _captioned,
}


@pytest.mark.parametrize("change", CHANGES)
def test_planted_copies_are_found(change: str, picture_folder: Path, tmp_path: Path) -> None:
    train = sorted((picture_folder / "train").rglob("*.jpg"))
    copy = tmp_path / "copy.png"
    cv2.imwrite(str(copy), np.ascontiguousarray(CHANGES[change](cv2.imread(str(train[5])))))
    assert [p.first for p in find_near_duplicates(train, [copy])] == [train[5]]


def test_different_pictures_are_let_through(picture_folder: Path) -> None:
    refuse_leakage(sorted((picture_folder / "train").rglob("*.jpg")), sorted((picture_folder / "test").rglob("*.jpg")))


def test_leakage_is_refused_with_the_names_of_the_files(picture_folder: Path) -> None:
    train = sorted((picture_folder / "train").rglob("*.jpg"))
    with pytest.raises(LeakageError) as caught:
        refuse_leakage(train, train[:2])
    assert train[0].name in str(caught.value)
    assert len(caught.value.pairs) == 2


@pytest.mark.real_data
def test_all_copies_planted_in_real_pictures_are_found(shared_data: Path, tmp_path: Path) -> None:
    folder = shared_data / "data" / "fire" / "classification" / "test"
    originals = sorted(folder.rglob("*.jpg"))[::20]
    planted = []
    for i, (path, change) in enumerate((p, c) for p in originals for c in CHANGES.values()):
        copy = tmp_path / f"{i}.png"
        cv2.imwrite(str(copy), np.ascontiguousarray(change(cv2.imread(str(path)))))
        planted.append((path, copy))
    pairs = {(p.first, p.second) for p in find_near_duplicates(originals, [c for _, c in planted])}
    assert set(planted) <= pairs
