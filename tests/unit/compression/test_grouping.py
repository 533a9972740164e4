"""hackai_compression.datasets.grouping."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from hackai_compression.datasets.grouping import group_names, with_groups
from hackai_compression.datasets.near_duplicates import NearDuplicate
from hackai_compression.datasets.samples import Dataset, Sample


def test_what_is_alike_over_others_is_one_group() -> None:
    a, b, c, d = (Path(name) for name in "abcd")
    pairs = [NearDuplicate(a, a, 0, 1.0), NearDuplicate(b, a, 3, 0.9), NearDuplicate(c, b, 3, 0.9)]
    assert group_names([a, b, c, d], pairs) == {a: "a", b: "a", c: "a", d: "d"}


def test_copies_of_a_picture_share_a_group(picture_folder: Path) -> None:
    first, second = sorted((picture_folder / "train" / "fire").iterdir())[:2]
    copy = picture_folder / "copy.jpg"
    cv2.imwrite(str(copy), np.asarray(cv2.imread(str(first)))[:, ::-1], [cv2.IMWRITE_JPEG_QUALITY, 60])
    samples = tuple(Sample(p, "fire", "s", p.stem) for p in (first, second, copy))
    groups = [s.group for s in with_groups(Dataset(("fire",), samples)).samples]
    assert groups[0] == groups[2] != groups[1]
