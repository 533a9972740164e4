"""YOLO folders (`images/<split>`, `labels/<split>`) read as pictures with boxes and a class."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import yaml

from hackai_compression.datasets.folder import PICTURE_SUFFIXES
from hackai_compression.datasets.samples import FIRE_CLASSES, Box, Dataset, Sample
from hackai_compression.errors import DatasetError

#: Class numbers of the label files.
KINDS = ("fire", "smoke")
#: Says of each picture where it comes from and what was boxed in it.
SOURCES = "sources.csv"


@dataclass(frozen=True)
class _Row:
    source: str
    group: str
    boxed: frozenset[str]


def read_yolo_folder(folder: Path, split: str, kinds: tuple[str, ...] = KINDS) -> Dataset:
    """Pictures of `images/<split>` with their boxes, labelled by what the boxes show.

    The numbers of the label files mean what the folder's `data.yaml` says, where there is one, else `kinds`.
    A flame box makes a picture `fire`, smoke alone `start_fire`, no box `no_fire`. A `sources.csv` in the folder
    gives source, group and what was boxed (columns `file, source, group, boxed`; `file` is `<split>/<name>`, `boxed`
    the kinds, separated by spaces); a kind of `kinds` that is not among them is `unboxed`. A picture without a row is
    fully boxed, its source `boxes-<prefix of the file's name>`, and its own group.

    Raises `DatasetError` for a folder of another shape, a wrong line of a label file or of `sources.csv`.
    """
    images, labels = folder / "images" / split, folder / "labels" / split
    if not images.is_dir() or not labels.is_dir():
        raise DatasetError(f"{folder} is not a YOLO folder: images/{split} and labels/{split} are expected")
    kinds = _names(folder) or kinds
    rows = _rows(folder, kinds)
    samples = []
    for path in sorted(images.iterdir()):
        if path.suffix.lower() not in PICTURE_SUFFIXES:
            continue
        boxes = read_boxes(labels / f"{path.stem}.txt", kinds)
        row = rows.get(f"{split}/{path.name}", _Row(path.stem.split("_")[0], path.stem, frozenset(kinds)))
        unboxed = tuple(kind for kind in kinds if kind not in row.boxed)
        samples.append(Sample(path, _label(boxes), f"boxes-{row.source}", row.group, boxes, unboxed))
    if not samples:
        raise DatasetError(f"{images} holds no picture")
    return Dataset(FIRE_CLASSES, tuple(samples))


def read_boxes(path: Path, kinds: tuple[str, ...] = KINDS) -> tuple[Box, ...]:
    """Boxes of one label file (`class cx cy w h` per line, fractions). No file means no box."""
    if not path.is_file():
        return ()
    boxes = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip():
            continue
        try:
            kind, cx, cy, w, h = line.split()[:5]
            x, y, half_w, half_h = float(cx), float(cy), float(w) / 2, float(h) / 2
            name = kinds[int(kind)]
        except (ValueError, IndexError) as error:
            raise DatasetError(f"{path}:{number}: expected 'class cx cy w h', found {line!r}") from error
        boxes.append(Box(name, max(0.0, x - half_w), max(0.0, y - half_h), min(1.0, x + half_w), min(1.0, y + half_h)))
    return tuple(boxes)


def _rows(folder: Path, kinds: tuple[str, ...]) -> dict[str, _Row]:
    path = folder / SOURCES
    if not path.is_file():
        return {}
    rows = {}
    with path.open(newline="", encoding="utf-8") as handle:
        reader = csv.DictReader(handle)
        missing = {"file", "source", "group", "boxed"} - set(reader.fieldnames or ())
        if missing:
            raise DatasetError(f"{path} lacks the column(s) {', '.join(sorted(missing))}")
        for number, row in enumerate(reader, start=2):
            boxed = frozenset((row["boxed"] or "").split())
            if not boxed or not boxed <= set(kinds):
                raise DatasetError(f"{path}:{number}: `boxed` is some of {' '.join(kinds)}, found {row['boxed']!r}")
            rows[row["file"]] = _Row(row["source"], f"{row['source']}/{row['group']}", boxed)
    return rows


def _names(folder: Path) -> tuple[str, ...]:
    """`names` of `data.yaml`, a list or numbers with names; nothing where there is no such file."""
    path = folder / "data.yaml"
    if not path.is_file():
        return ()
    try:
        names = yaml.safe_load(path.read_text(encoding="utf-8"))["names"]
        return tuple(str(names[i]) for i in range(len(names)))
    except (yaml.YAMLError, KeyError, TypeError) as error:
        raise DatasetError(f"{path}: `names` is expected, a list or a mapping from 0 on") from error


def _label(boxes: tuple[Box, ...]) -> str:
    kinds = {box.kind for box in boxes}
    if "fire" in kinds:
        return "fire"
    return "start_fire" if "smoke" in kinds else "no_fire"
