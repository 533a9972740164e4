"""Small pictures and packages for the compression worker's tests."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from hackai_compression.datasets.samples import FIRE_CLASSES


def textured(rng: np.random.Generator, size: tuple[int, int] = (120, 160)) -> np.ndarray:
    """A picture (H, W, 3) uint8 with coarse and fine structure, as photographs have."""
    total = np.zeros((*size, 3), np.float32)
    for cells in (3, 9, 27, 60):
        grid = rng.random((cells, cells, 3)).astype(np.float32)
        total += cv2.resize(grid, size[::-1], interpolation=cv2.INTER_CUBIC) / cells**0.4
    total -= total.min()
    return (255 * total / total.max()).astype(np.uint8)


@pytest.fixture
def picture_folder(tmp_path: Path) -> Path:
    """`train/<class>` and `test/<class>` with eight different pictures each."""
    rng = np.random.default_rng(0)
    for part in ("train", "test"):
        for name in FIRE_CLASSES:
            folder = tmp_path / "pictures" / part / name
            folder.mkdir(parents=True)
            for i in range(8):
                cv2.imwrite(str(folder / f"{part}-{name}-{i}.jpg"), textured(rng))
    return tmp_path / "pictures"
