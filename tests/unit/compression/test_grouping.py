"""hackai_compression.datasets.grouping."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from hackai_compression.datasets.grouping import group_names, with_groups
from hackai_compression.datasets.samples import Dataset, Sample


def test_what_is_alike_over_others_is_one_group() -> None:
    a, b, c, d = (Path(name) for name in "abcd")
    assert group_names([a, b, c, d], [(a, a), (b, a), (c, b)]) == {a: "a", b: "a", c: "a", d: "d"}


def test_copies_of_a_picture_share_a_group(picture_folder: Path) -> None:
    first, second = sorted((picture_folder / "train" / "fire").iterdir())[:2]
    copy = picture_folder / "copy.jpg"
    cv2.imwrite(str(copy), np.asarray(cv2.imread(str(first)))[:, ::-1], [cv2.IMWRITE_JPEG_QUALITY, 60])
    samples = tuple(Sample(p, "fire", "s", p.stem) for p in (first, second, copy))
    groups = [s.group for s in with_groups(Dataset(("fire",), samples)).samples]
    assert groups[0] == groups[2] != groups[1]


def test_what_was_one_group_stays_one(picture_folder: Path) -> None:
    paths = sorted((picture_folder / "train" / "fire").iterdir())[:3]
    samples = tuple(Sample(p, "fire", "s", g) for p, g in zip(paths, ("scene", "other", "scene"), strict=True))
    groups = [s.group for s in with_groups(Dataset(("fire",), samples)).samples]
    assert groups[0] == groups[2] != groups[1]
