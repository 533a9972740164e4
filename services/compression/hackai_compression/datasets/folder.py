"""ImageFolder (`<class>/<picture>`), with the source and group of each picture when a manifest says so."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from hackai_compression.datasets.listing import PICTURE_SUFFIXES, pictures_in, settled
from hackai_compression.datasets.samples import Dataset, Sample
from hackai_compression.errors import DatasetError

MANIFEST = "manifest.csv"


def read_image_folder(folder: Path, classes: Sequence[str] | None = None, root: Path | None = None) -> Dataset:
    """Every picture under `<folder>/<class>/`, sorted by path.

    Without `classes` the sub-folders name them, in alphabetical order. A `manifest.csv` in the
    folder or its parent gives source and group (columns `file, source, group`; `file` relative
    to the manifest); a picture that it does not list is its own group, its source the folder's name.
    Links may lead to files below `root` (without: below the folder itself).

    Raises `DatasetError` when there is no picture, or a wanted class has none, and for links that lead elsewhere.
    """
    if not folder.is_dir():
        raise DatasetError(f"{folder} is not a folder")
    root = root or folder
    names = tuple(classes) if classes else _class_folders(folder)
    rows = _manifest_rows(folder)
    samples: list[Sample] = []
    for name in names:
        pictures = pictures_in(folder / name, root) if (folder / name).is_dir() else []
        if not pictures:
            raise DatasetError(f"{folder / name} holds no picture of class {name!r}")
        for path in pictures:
            source, group = rows.get(path.resolve(), (folder.name, path.stem))
            samples.append(Sample(path, name, source, group))
    return Dataset(names, tuple(samples))


def _class_folders(folder: Path) -> tuple[str, ...]:
    names = tuple(
        sorted(
            d.name
            for d in folder.iterdir()
            if d.is_dir() and any(p.suffix.lower() in PICTURE_SUFFIXES for p in d.iterdir())
        )
    )
    if not names:
        raise DatasetError(f"{folder} has no sub-folder with pictures: one folder per class is expected")
    return names


def _manifest_rows(folder: Path) -> dict[Path, tuple[str, str]]:
    for base in (folder, folder.parent):
        path = base / MANIFEST
        if path.is_file():
            with settled(path, base).open(newline="", encoding="utf-8") as handle:
                reader = csv.DictReader(handle)
                missing = {"file", "source", "group"} - set(reader.fieldnames or ())
                if missing:
                    raise DatasetError(f"{path} lacks the column(s) {', '.join(sorted(missing))}")
                return {(base / r["file"]).resolve(): (r["source"], r["group"]) for r in reader}
    return {}
