"""YOLO folders (`images/<split>`, `labels/<split>`) read as pictures with boxes and a class."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from hackai_compression.datasets.listing import pictures_in, settled
from hackai_compression.datasets.samples import FIRE_CLASSES, Box, Dataset, Sample
from hackai_compression.errors import DatasetError
from hackai_shared.serving.fire_names import fire_kind
from hackai_shared.yaml_document import SENT, YamlError, read_yaml_file

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

    The numbers of the label files mean what the folder's `data.yaml` says, where there is one, else `kinds`; `Fire`
    and `Flame` are `fire`.
    A flame box makes a picture `fire`, smoke alone `start_fire`, no box `no_fire`. A `sources.csv` in the folder
    gives source, group and what was boxed (columns `file, source, group, boxed`; `file` is `<split>/<name>`, `boxed`
    the kinds, separated by spaces); a kind of `kinds` that is not among them is `unboxed`. A picture without a row is
    fully boxed, its source `boxes-<prefix of the file's name>`, and its own group.

    Raises `DatasetError` for a folder of another shape, a wrong line of a label file or of `sources.csv`.
    """
    images, labels = folder / "images" / split, folder / "labels" / split
    if not images.is_dir() or not labels.is_dir():
        raise DatasetError(f"{folder} is not a YOLO folder: images/{split} and labels/{split} are expected")
    kinds = tuple(fire_kind(kind) for kind in _names(folder) or kinds)
    rows = _rows(folder, kinds)
    samples = []
    for path in pictures_in(images, folder):
        boxes = read_boxes(labels / f"{path.stem}.txt", kinds, folder)
        row = rows.get(f"{split}/{path.name}", _Row(path.stem.split("_")[0], path.stem, frozenset(kinds)))
        unboxed = tuple(kind for kind in kinds if kind not in row.boxed)
        samples.append(Sample(path, _label(boxes), f"boxes-{row.source}", row.group, boxes, unboxed))
    if not samples:
        raise DatasetError(f"{images} holds no picture")
    return Dataset(FIRE_CLASSES, tuple(samples))


def read_boxes(path: Path, kinds: tuple[str, ...] = KINDS, root: Path | None = None) -> tuple[Box, ...]:
    """Boxes of one label file (`class cx cy w h` per line, fractions) of the data set `root`. No file means no box.

    Raises `DatasetError` for a line that is no box, with its number.
    """
    if not path.is_symlink() and not path.exists():
        return ()
    try:
        text = settled(path, root or path.parent).read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise DatasetError(f"{path} is not a text file: {error.reason}") from error
    boxes = []
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip():
            try:
                boxes.append(_box(line.split(), kinds))
            except ValueError as error:
                raise DatasetError(f"{path}:{number}: {error}") from error
    return tuple(boxes)


def _rows(folder: Path, kinds: tuple[str, ...]) -> dict[str, _Row]:
    path = folder / SOURCES
    if not path.is_symlink() and not path.exists():
        return {}
    rows = {}
    with settled(path, folder).open(newline="", encoding="utf-8") as handle:
        reader = csv.DictReader(handle)
        missing = {"file", "source", "group", "boxed"} - set(reader.fieldnames or ())
        if missing:
            raise DatasetError(f"{path} lacks the column(s) {', '.join(sorted(missing))}")
        for number, row in enumerate(reader, start=2):
            boxed = frozenset(fire_kind(kind) for kind in (row["boxed"] or "").split())
            if not boxed or not boxed <= set(kinds):
                raise DatasetError(f"{path}:{number}: `boxed` is some of {' '.join(kinds)}, found {row['boxed']!r}")
            rows[row["file"]] = _Row(row["source"], f"{row['source']}/{row['group']}", boxed)
    return rows


def _box(words: list[str], kinds: tuple[str, ...]) -> Box:
    """Raises `ValueError` for what would be another box, or none, than the label's author meant."""
    if len(words) > 6:
        raise ValueError(f"a polygon ({len(words)} values); export the labels as boxes: class cx cy w h")
    if len(words) == 6:
        raise ValueError("6 values, perhaps a prediction with its score; a label is: class cx cy w h")
    try:
        kind = int(words[0])
        cx, cy, w, h = (float(word) for word in words[1:])
    except ValueError as error:
        raise ValueError("expected `class cx cy w h`: a whole number and four fractions") from error
    if not 0 <= kind < len(kinds):
        known = ", ".join(f"{i} {name}" for i, name in enumerate(kinds))
        raise ValueError(f"class {kind} is not one of {known}; correct the label, or `names` in data.yaml")
    if not (0 <= cx <= 1 and 0 <= cy <= 1 and 0 < w <= 1 and 0 < h <= 1):
        raise ValueError(
            f"centre {cx:g} {cy:g}, size {w:g} {h:g}: each is a fraction of the picture, 0 to 1, a size more than 0; "
            "divide pixels by the picture's width and height"
        )
    return Box(kinds[kind], max(0.0, cx - w / 2), max(0.0, cy - h / 2), min(1.0, cx + w / 2), min(1.0, cy + h / 2))


def _names(folder: Path) -> tuple[str, ...]:
    """`names` of `data.yaml`, a list or numbers with names; nothing where there is no such file."""
    path = folder / "data.yaml"
    if not path.is_symlink() and not path.exists():
        return ()
    try:
        names = read_yaml_file(settled(path, folder), SENT).data["names"]
        return tuple(str(names[i]) for i in range(len(names)))
    except YamlError as error:
        raise DatasetError("\n".join(f"{path}:{fault}; `names` is expected" for fault in error.faults)) from error
    except (KeyError, TypeError) as error:
        raise DatasetError(f"{path}: `names` is expected, a list or a mapping from 0 on") from error


def _label(boxes: tuple[Box, ...]) -> str:
    kinds = {box.kind for box in boxes}
    if "fire" in kinds:
        return "fire"
    return "start_fire" if "smoke" in kinds else "no_fire"
