"""Room on the disk of the data folder: a reserve that is given back under pressure, and files that may go."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Iterable, List

import structlog

log = structlog.get_logger(__name__)

RESERVE_BYTES = 48 * 1024 * 1024
# Below this a disk is in pressure; an alarm with its pictures and clip takes a few MB.
LOW_BYTES = 64 * 1024 * 1024
# Below this not even the log of the streams can be written for long.
FLOOR_BYTES = 6 * 1024 * 1024
RESERVE_NAME = "disk-reserve"


def free_bytes(folder: Path) -> int:
    """Return the bytes that this process may still write where ``folder`` is.

    Raises:
        OSError: the folder is gone.
    """
    found = os.statvfs(str(folder))
    return found.f_bavail * found.f_frsize


class Reserve:
    """A file that only takes up room."""

    def __init__(self, folder: Path, *, size: int = RESERVE_BYTES) -> None:
        self._path = folder / RESERVE_NAME
        self._size = size

    @property
    def held(self) -> bool:
        """Whether the room is taken."""
        try:
            return self._path.stat().st_size >= self._size
        except OSError:
            return False

    def take(self) -> bool:
        """Take up the room where that leaves enough for everything else; return whether it is held now."""
        if self.held:
            return True
        try:
            if free_bytes(self._path.parent) < self._size + 2 * LOW_BYTES:
                return False
            handle = os.open(str(self._path), os.O_CREAT | os.O_WRONLY, 0o600)
            try:
                os.posix_fallocate(handle, 0, self._size)
            finally:
                os.close(handle)
        except OSError as error:
            log.warning("no reserve on the disk", error=str(error))
            self.give_back()
            return False
        return True

    def give_back(self) -> bool:
        """Free the room; return whether there was any."""
        try:
            self._path.unlink()
        except OSError:
            return False
        return True


def oldest_recordings(folder: Path) -> List[Path]:
    """Return what may go in the order of going: clips before pictures, the oldest first."""
    files = []
    for path in folder.rglob("*"):
        if path.suffix not in (".mp4", ".jpg") or path.is_symlink():
            continue
        try:
            files.append((path.suffix != ".mp4", path.stat().st_mtime, path))
        except OSError:  # went meanwhile
            continue
    return [path for _, _, path in sorted(files)]


def make_room(files: Iterable[Path], enough: Callable[[], bool]) -> int:
    """Delete files until ``enough`` says so; return how many went."""
    gone = 0
    for path in files:
        if enough():
            break
        try:
            path.unlink()
            gone += 1
        except OSError as error:
            log.warning("cannot delete a recording", file=str(path), error=str(error))
    return gone


@dataclass(frozen=True)
class Pressure:
    """What was done about a disk that is nearly full, and how it is now."""

    free: int
    low: bool
    recordings_deleted: int = 0
    reserve_given_back: bool = False

    @property
    def exhausted(self) -> bool:
        """Whether even the small writes will fail soon."""
        return self.free < FLOOR_BYTES


class DiskGuard:
    """Looks at the room of one folder and makes some where it runs out."""

    def __init__(self, folder: Path, recordings: Path, *, reserve: Reserve) -> None:
        self._folder = folder
        self._recordings = recordings
        self._reserve = reserve

    def look(self) -> Pressure:
        """Look once and act; blocks on the disk.

        Raises:
            OSError: the folder is gone.
        """
        free = free_bytes(self._folder)
        if free >= LOW_BYTES:
            self._reserve.take()
            return Pressure(free_bytes(self._folder), low=False)
        gone = 0
        if self._recordings.is_dir():
            gone = make_room(
                oldest_recordings(self._recordings), lambda: free_bytes(self._folder) >= LOW_BYTES + RESERVE_BYTES
            )
        given = free_bytes(self._folder) < LOW_BYTES and self._reserve.give_back()
        free = free_bytes(self._folder)
        return Pressure(free, low=free < LOW_BYTES or given, recordings_deleted=gone, reserve_given_back=given)
