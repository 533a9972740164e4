"""The one place that resolves paths that somebody else wrote: inside a given folder, or not at all."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from pydantic import AfterValidator
from typing_extensions import Annotated


class OutsideError(ValueError):
    """A path leaves its folder or names nothing there; the message does not tell which files exist elsewhere."""


def relative(name: str) -> str:
    """Return a path if it is a relative one that stays below where it starts, by its letters alone.

    Raises:
        ValueError: it is absolute, empty, goes up with ``..``, or holds a backslash or a control character.
    """
    if not name or any(ord(sign) < 32 or sign in "\\\x7f" for sign in name):
        raise ValueError("use a relative path of plain names: weights/network.pt")
    if name.startswith(("/", "~")):
        raise ValueError("use a path relative to the folder of files, such as weights/network.pt; this one is absolute")
    if ".." in PurePosixPath(name).parts:
        raise ValueError("use a path below the folder of files, such as weights/network.pt, without ..")
    return name


InsidePath = Annotated[str, AfterValidator(relative)]


def inside(folder: Path, name: str) -> Path:
    """Return the resolved path of something that exists below ``folder``; links that lead out of it are not followed.

    Raises:
        OutsideError: ``name`` is not :func:`relative`, leads out, or is not there: the last two read the same.
    """
    try:
        relative(name)
    except ValueError as error:
        raise OutsideError(f"{name!r}: {error}") from error
    root = folder.resolve()
    try:
        found = (root / name).resolve(strict=True)
    except (OSError, RuntimeError) as error:  # RuntimeError: links in a circle, before Python 3.13
        raise OutsideError(f"{name!r} is not there, below {folder.name!r}") from error
    if not within(root, found):
        raise OutsideError(f"{name!r} is not there, below {folder.name!r}")
    return found


def within(root: Path, found: Path) -> bool:
    """Return whether one resolved path is another one, or lies below it."""
    return found == root or root in found.parents
