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


def _curve(gamma: float) -> np.ndarray:
    return (255 * (np.arange(256) / 255) ** gamma).astype(np.uint8)


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
    "stretched": lambda a: a[int(0.1 * a.shape[0]) :],
    "night made of day": lambda a: cv2.LUT(a, np.stack([_curve(g) for g in (1.2, 1.6, 2.0)], axis=-1)[None]),
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


def sunset(rng: np.random.Generator) -> np.ndarray:
    """A sky, a sun, its path on the water, clouds and a shore: all alike in the large, all different in detail."""
    height, width = 150, 200
    horizon, x = int(rng.integers(70, 100)), int(rng.integers(60, 140))
    picture = np.zeros((height, width, 3), np.float32)
    picture[:horizon] = np.linspace(60, 170, horizon)[:, None, None] * np.array([0.5, 0.7, 1.0])
    picture[horizon:] = np.linspace(90, 30, height - horizon)[:, None, None] * np.array([0.6, 0.6, 0.9])
    clouds = cv2.resize(rng.random((12, 24)).astype(np.float32), (width, horizon), interpolation=cv2.INTER_CUBIC)
    picture[:horizon] += 90 * np.maximum(clouds - 0.6, 0)[..., None]
    for _ in range(60):
        at = (int(x + rng.normal(0, 6)), int(rng.integers(horizon, height)))
        cv2.ellipse(picture, at, (int(rng.integers(2, 9)), 1), 0, 0, 360, (120, 200, 255), -1)
    cv2.circle(picture, (x, horizon - int(rng.integers(8, 30))), int(rng.integers(5, 10)), (180, 240, 255), -1)
    for peak in np.cumsum(rng.integers(8, 30, 12)):
        top = horizon - int(rng.integers(0, 14))
        cv2.fillPoly(picture, [np.array([[peak - 12, horizon], [peak, top], [peak + 9, horizon]])], (20, 20, 25))
    return np.clip(picture + rng.normal(0, 3, picture.shape), 0, 255).astype(np.uint8)


def test_among_sunsets_only_planted_copies_are_paired(tmp_path: Path) -> None:
    rng = np.random.default_rng(7)
    drawn = []
    for i in range(40):
        drawn.append(tmp_path / f"drawn{i}.png")
        cv2.imwrite(str(drawn[-1]), sunset(rng))
    train, test = drawn[:20], drawn[20:]
    assert find_near_duplicates(train, test) == []
    planted = []
    for i, (name, change) in enumerate(CHANGES.items()):
        copy = tmp_path / f"copy of {name}.png"
        cv2.imwrite(str(copy), np.ascontiguousarray(change(cv2.imread(str(train[i])))))
        planted.append((train[i], copy))
    found = find_near_duplicates(train, [*test, *(copy for _, copy in planted)])
    assert {(pair.first, pair.second) for pair in found} == set(planted)


@pytest.mark.real_data
def test_all_copies_planted_in_real_pictures_are_found(shared_data: Path, tmp_path: Path) -> None:
    folder = shared_data / "data" / "fire" / "classification" / "test"
    originals = sorted(folder.rglob("*.jpg"))[::40]
    planted = []
    for i, (path, change) in enumerate((p, c) for p in originals for c in CHANGES.values()):
        copy = tmp_path / f"{i}.png"
        cv2.imwrite(str(copy), np.ascontiguousarray(change(cv2.imread(str(path)))))
        planted.append((path, copy))
    pairs = {(p.first, p.second) for p in find_near_duplicates(originals, [c for _, c in planted])}
    assert set(planted) <= pairs
