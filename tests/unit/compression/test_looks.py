"""hackai_compression.pipeline.looks and elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from hackai_compression.datasets.samples import Dataset, Sample
from hackai_compression.errors import DatasetError
from hackai_compression.pipeline.data import Folders, Parts
from hackai_compression.pipeline.elsewhere import read_elsewhere
from hackai_compression.pipeline.looks import count_looks
from hackai_compression.recipes import read_recipe

RECIPE = read_recipe("name: small\nsteps: [{do: train, architecture: resnet18}]")


def test_looks_add_up_over_attempts(tmp_path: Path) -> None:
    assert count_looks(tmp_path, {"test": 3, "elsewhere": 0}) == {"test": 3}
    assert count_looks(tmp_path, {"test": 3, "elsewhere": 2}) == {"test": 6, "elsewhere": 2}


def parts(source: str) -> Parts:
    known = Dataset(RECIPE.classes, (Sample(Path("a.jpg"), "fire", source, "g"),))
    return Parts(known, known, known, None, "", 0)


def test_without_the_folder_there_is_no_elsewhere(picture_folder: Path) -> None:
    assert read_elsewhere(RECIPE, Folders(picture_folder), parts("train")) is None


def test_a_source_that_training_has_seen_is_not_elsewhere(picture_folder: Path) -> None:
    (picture_folder / "test").rename(picture_folder / "elsewhere")
    found = read_elsewhere(RECIPE, Folders(picture_folder), parts("train"))
    assert found is not None
    assert found.sources == ["elsewhere"]
    with pytest.raises(DatasetError, match="elsewhere are in training as well"):
        read_elsewhere(RECIPE, Folders(picture_folder), parts("elsewhere"))
