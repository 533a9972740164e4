"""Pictures of places that are in no training: the folder `elsewhere` beside `train` and `test`."""

from __future__ import annotations

from hackai_compression.datasets.folder import read_image_folder
from hackai_compression.datasets.samples import Dataset
from hackai_compression.errors import DatasetError
from hackai_compression.pipeline.data import Folders, Parts
from hackai_compression.recipes import Recipe

ELSEWHERE = "elsewhere"


def read_elsewhere(recipe: Recipe, folders: Folders, parts: Parts) -> Dataset | None:
    """None where there is no such folder. Raises `DatasetError` for a source that training has seen."""
    folder = folders.pictures / ELSEWHERE
    if not folder.is_dir():
        return None
    found = read_image_folder(folder, recipe.classes)
    seen = {s.source for part in (parts.training, parts.validation) for s in part.samples}
    both = sorted(seen & set(found.sources))
    if both:
        raise DatasetError(
            f"{folder}: pictures of {', '.join(both)} are in training as well, so they are not elsewhere"
        )
    return found
