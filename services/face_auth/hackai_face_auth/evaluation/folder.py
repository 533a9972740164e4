"""The folder of an evaluation: ``people/<name>/*``, ``impostors/*`` and a list of pairs."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hackai_face_auth.errors import FaceAuthError

PICTURES = frozenset({".jpg", ".jpeg", ".png", ".webp"})


class FolderError(FaceAuthError):
    """A folder or a list of pairs cannot be used; the message says where."""


@dataclass(frozen=True)
class Pair:
    """Two pictures, relative to the folder, and whether they show one person."""

    a: str
    b: str
    same: bool


def pictures_below(folder: Path) -> list[Path]:
    """Return the pictures in a folder and its folders, sorted.

    Raises:
        FolderError: not a folder, or none in it.
    """
    if not folder.is_dir():
        raise FolderError(f"{folder} is not a folder")
    found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in PICTURES and path.is_file())
    if not found:
        raise FolderError(f"{folder} holds no JPEG, PNG or WebP picture")
    return found


def people_in(folder: Path) -> dict[str, list[Path]]:
    """Return the pictures of each person in ``people/``, by name of the folder."""
    root = folder / "people"
    if not root.is_dir():
        return {}
    return {child.name: pictures_below(child) for child in sorted(root.iterdir()) if child.is_dir()}


def strangers_in(folder: Path) -> list[Path]:
    """Return the pictures in ``impostors/``: one stranger each."""
    root = folder / "impostors"
    return pictures_below(root) if root.is_dir() else []


def read_pairs(path: Path, folder: Path) -> Sequence[Pair]:
    """Return the pairs of a CSV with the columns ``a``, ``b`` (relative to the folder) and ``same`` (0 or 1).

    Raises:
        FolderError: the list is malformed, or names a picture outside of the folder or one that is not there.
    """
    root = folder.resolve()
    pairs = []
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = csv.DictReader(file)
            for row in rows:
                if row.get("same") not in ("0", "1") or not row.get("a") or not row.get("b"):
                    raise FolderError(f"{path}:{rows.line_num}: the columns are a, b and same (0 or 1)")
                for name in (row["a"], row["b"]):
                    target = (root / name).resolve()
                    if not target.is_relative_to(root):
                        raise FolderError(f"{path}:{rows.line_num}: {name} is outside of {folder}")
                    if not target.is_file():
                        raise FolderError(f"{path}:{rows.line_num}: {name} is not there")
                pairs.append(Pair(row["a"], row["b"], row["same"] == "1"))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise FolderError(f"cannot read {path}: {error}") from error
    return pairs
