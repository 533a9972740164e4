"""The data of a job: training, validation, test and left-out parts that share no picture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from hackai_compression.datasets.boxes import read_yolo_folder
from hackai_compression.datasets.fingerprint import fingerprint
from hackai_compression.datasets.folder import read_image_folder
from hackai_compression.datasets.merge import attach_boxes, unseen
from hackai_compression.datasets.near_duplicates import refuse_leakage
from hackai_compression.datasets.samples import Dataset, Sample
from hackai_compression.datasets.split import split_by_group
from hackai_compression.errors import DatasetError
from hackai_compression.recipes import Recipe
from hackai_shared.confined import OutsideError, inside


@dataclass(frozen=True)
class Folders:
    """What a job is given: `pictures/{train,test}`, perhaps a YOLO folder, perhaps weights and packages."""

    pictures: Path
    boxes: Path | None = None
    files: Path | None = None
    feedback: Path | None = None
    made: Mapping[str, Path] = field(default_factory=dict)  # what this process made itself, by the name in the recipe

    def file(self, name: str) -> Path:
        """A file that the recipe names. Raises `DatasetError` when it lies outside of the folder, or is not there."""
        if name in self.made:
            return self.made[name]
        try:
            return inside(self.files or self.pictures, name)
        except OutsideError as error:
            raise DatasetError(str(error)) from error


@dataclass(frozen=True)
class Parts:
    """Disjoint parts, the hash of everything that training may see, and how many pictures leaked and were left out."""

    training: Dataset
    validation: Dataset
    test: Dataset
    left_out: Dataset | None
    sha256: str
    dropped: int


def read_parts(recipe: Recipe, folders: Folders) -> Parts:
    """Reads, splits by group, and keeps held-out pictures out of what is added.

    Raises `DatasetError` for missing folders and `LeakageError` for training pictures that resemble
    a test picture.
    """
    known = read_image_folder(folders.pictures / "train", recipe.classes, folders.pictures)
    test = read_image_folder(folders.pictures / "test", recipe.classes, folders.pictures)
    added: list[Sample] = []
    dropped = 0
    if recipe.data.boxes:
        if folders.boxes is None:
            raise DatasetError("the recipe wants boxes, but the job was given no YOLO folder")
        known, added = attach_boxes(known, read_yolo_folder(folders.boxes, "train"))
    left_out = None
    if recipe.data.leave_out:
        known, added, left_out = _leave_out(recipe.data.leave_out, known, added, test)
    if recipe.data.validation_sources:
        known, added, validation = _leave_out(recipe.data.validation_sources, known, added, None)
        training = known
    else:
        training, validation = split_by_group(known, recipe.data.validation_fraction, seed=0)
    if recipe.data.leakage == "refuse":
        refuse_leakage([s.path for s in training.samples], [s.path for s in test.samples])
    else:
        kept, _ = unseen(list(training.samples), test.samples)
        dropped += len(training) - len(kept)
        training = Dataset(training.classes, tuple(kept))
    if added:
        found = len(added)
        added, _ = unseen(added, [*test.samples, *validation.samples])
        dropped += found - len(added)
        training = training.plus(added)
    if folders.feedback is not None:
        training = training.plus(read_image_folder(folders.feedback, ("no_fire",)).samples)
    if recipe.data.limit is not None:
        training, validation, test = (_limit(d, recipe.data.limit) for d in (training, validation, test))
    return Parts(training, validation, test, left_out, fingerprint([*training.samples, *validation.samples]), dropped)


def _leave_out(
    sources: tuple[str, ...], known: Dataset, added: list[Sample], test: Dataset | None
) -> tuple[Dataset, list[Sample], Dataset]:
    for source in sources:
        if source not in known.sources:
            raise DatasetError(f"no source {source!r} to leave out; there are {', '.join(known.sources)}")
    out = known.where(s.source in sources for s in known.samples)
    rest = known.where(s.source not in sources for s in known.samples)
    if test is not None:
        out = out.plus([s for s in test.samples if s.source in sources])
    prefixes = {*(source.lower() for source in sources), *(s.path.name.split("_")[0] for s in out.samples)}
    # Pictures with boxes are named after their source, perhaps shortened: those of the same place go as well.
    others = [s for s in added if not any(p.startswith(s.source.removeprefix("boxes-")) for p in prefixes)]
    return rest, others, out


def _limit(dataset: Dataset, count: int) -> Dataset:
    """At most `count` pictures, classes in equal parts, the same ones every time."""
    rng = np.random.default_rng(0)
    each = max(1, count // len(dataset.classes))
    keep: set[int] = set()
    labels = np.asarray(dataset.labels)
    for index in range(len(dataset.classes)):
        members = np.flatnonzero(labels == index)
        keep.update(int(i) for i in rng.permutation(members)[:each])
    return dataset.where(i in keep for i in range(len(dataset)))
