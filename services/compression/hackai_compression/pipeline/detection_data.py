"""The data of a detection job: training, validation and test pictures with boxes, and harmless ones without."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hackai_compression.datasets.boxes import read_yolo_folder
from hackai_compression.datasets.fingerprint import fingerprint
from hackai_compression.datasets.folder import read_image_folder
from hackai_compression.datasets.grouping import with_groups
from hackai_compression.datasets.merge import unseen
from hackai_compression.datasets.near_duplicates import refuse_leakage
from hackai_compression.datasets.samples import Dataset, Sample
from hackai_compression.datasets.split import split_by_group
from hackai_compression.errors import DatasetError
from hackai_compression.pipeline.data import Folders
from hackai_compression.pipeline.elsewhere import ELSEWHERE
from hackai_compression.recipes import Recipe

#: The class of a picture folder that holds no fire and no smoke.
HARMLESS = "no_fire"


@dataclass(frozen=True)
class BoxedParts:
    """Disjoint parts of a YOLO folder: its `train` split in two; nothing is chosen on its `val` and `elsewhere`."""

    training: Dataset
    validation: Dataset
    test: Dataset
    elsewhere: tuple[Sample, ...]
    harmless: tuple[Sample, ...]
    sha256: str
    dropped: int


def read_boxed_parts(recipe: Recipe, folders: Folders) -> BoxedParts:
    """Reads and splits by near-duplicate group; harmless pictures come from the job's picture folder.

    Raises `DatasetError` for missing folders and `LeakageError` for training pictures that resemble a test picture.
    """
    if folders.boxes is None:
        raise DatasetError("a detection recipe needs a YOLO folder (--boxes)")
    known = with_groups(read_yolo_folder(folders.boxes, "train", recipe.classes))
    test = read_yolo_folder(folders.boxes, "val", recipe.classes)
    elsewhere = _elsewhere(folders.boxes, recipe, known)
    unknown = {b.kind for s in (*known.samples, *test.samples, *elsewhere) for b in s.boxes} - set(recipe.classes)
    if unknown:
        raise DatasetError(f"{folders.boxes} has boxes of {sorted(unknown)}, the recipe knows {recipe.classes}")
    dropped = 0
    if recipe.data.leakage == "refuse":
        refuse_leakage([s.path for s in known.samples], [s.path for s in test.samples])
    else:
        kept, _ = unseen(list(known.samples), test.samples)
        dropped = len(known) - len(kept)
        known = Dataset(known.classes, tuple(kept))
    training, validation = split_by_group(known, recipe.data.validation_fraction, seed=0)
    harmless: list[Sample] = []
    folder = folders.pictures / "train"
    if recipe.data.augmentation.harmless_scenes and (folder / HARMLESS).is_dir():
        boxed = {s.path.name for s in (*known.samples, *test.samples)}
        pictures = [
            s for s in read_image_folder(folder, (HARMLESS,), folders.pictures).samples if s.path.name not in boxed
        ]
        harmless, _ = unseen(pictures, [*test.samples, *validation.samples])
    if recipe.data.limit is not None:
        limit = recipe.data.limit
        training, validation, test = (_first(d, limit) for d in (training, validation, test))
        harmless = harmless[:limit]
    seen = [*training.samples, *validation.samples, *harmless]
    return BoxedParts(training, validation, test, elsewhere, tuple(harmless), fingerprint(seen), dropped)


def _elsewhere(folder: Path, recipe: Recipe, known: Dataset) -> tuple[Sample, ...]:
    """Of places that are in no training; none without that split. Raises `DatasetError` for one that is in both."""
    if not (folder / "images" / ELSEWHERE).is_dir():
        return ()
    found = read_yolo_folder(folder, ELSEWHERE, recipe.classes)
    both = sorted(set(known.sources) & set(found.sources))
    if both:
        raise DatasetError(f"{folder}: {', '.join(both)} is in `train` and in `{ELSEWHERE}`, so it is not elsewhere")
    return found.samples


def _first(dataset: Dataset, count: int) -> Dataset:
    """At most `count` pictures, evenly over the dataset, the same ones every time."""
    step = max(1, len(dataset) // count)
    return dataset.where(i % step == 0 and i // step < count for i in range(len(dataset)))
