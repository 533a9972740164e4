"""These tests train: without torch they are not even imported."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
import pytest

collect_ignore_glob = [] if find_spec("torch") else ["test_*.py"]

#: BGR channel that is raised, by class.
CHANNELS = {"no_fire": 0, "start_fire": 1, "fire": 2}


@pytest.fixture(scope="session")
def datasets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of datasets with one set, `pictures`: classes that differ in colour, so that a few steps learn them.

    One test picture of `fire` is as blue as `no_fire`: whoever has learned the rule gets exactly that one wrong.
    """
    base = tmp_path_factory.mktemp("datasets")
    rng = np.random.default_rng(0)
    for part in ("train", "test"):
        for name, channel in CHANNELS.items():
            folder = base / "pictures" / part / name
            folder.mkdir(parents=True)
            for i in range(8):
                picture = rng.integers(0, 120, (64, 64, 3)).astype(np.uint8)
                lies = part == "test" and name == "fire" and i == 0
                picture[..., CHANNELS["no_fire"] if lies else channel] |= 128
                cv2.imwrite(str(folder / f"{part}{i}.png"), picture)
    return base


@pytest.fixture(scope="session")
def pictures(datasets: Path) -> Path:
    """`train/<class>/` and `test/<class>/`, eight pictures each."""
    return datasets / "pictures"
