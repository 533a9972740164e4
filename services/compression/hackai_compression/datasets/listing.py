"""The files of a data set: those that lie in it, and a word about each that only seems to."""

from __future__ import annotations

from pathlib import Path

from hackai_compression.errors import DatasetError
from hackai_shared.confined import within

PICTURE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp"})


def pictures_in(folder: Path, root: Path) -> list[Path]:
    """The pictures of one folder of the data set `root`, sorted.

    Raises `DatasetError` for a folder that is called like a picture, a link that leads nowhere, and one that leads out
    of the data set.
    """
    return [settled(path, root) for path in sorted(folder.iterdir()) if path.suffix.lower() in PICTURE_SUFFIXES]


def settled(path: Path, root: Path) -> Path:
    """A file of the data set `root`, as it was named.

    Raises `DatasetError` as `pictures_in`.
    """
    try:
        found = path.resolve(strict=True)
    except (OSError, RuntimeError) as error:
        raise DatasetError(f"{path} is a link that leads nowhere; remove it, or bring its file back") from error
    if not within(root.resolve(), found):
        raise DatasetError(f"{path} leads out of the data set {root}; copy the file into it")
    if not found.is_file():
        raise DatasetError(f"{path} is called like a file but is a folder; rename it")
    return path
