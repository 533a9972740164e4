"""Room on the disk: the reserve, and who goes first. On a real small file system where one can be mounted."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Iterator

import pytest

from hackai_shared import disk
from hackai_shared.disk import DiskGuard, Reserve, free_bytes, oldest_recordings

MB = 1024 * 1024


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 16 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "none", str(folder)], check=False)
    if mounted.returncode != 0:
        pytest.skip("no file system can be mounted here")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.fixture(autouse=True)
def _small_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk, "LOW_BYTES", 2 * MB)
    monkeypatch.setattr(disk, "RESERVE_BYTES", 4 * MB)
    monkeypatch.setattr(disk, "FLOOR_BYTES", MB // 2)


def record(path: Path, size: int, modified: float) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x" * size)
    os.utime(path, (modified, modified))
    return path


def test_clips_go_before_pictures_and_the_oldest_first(tmp_path: Path) -> None:
    old_picture = record(tmp_path / "a" / "photo.jpg", 1, 100.0)
    new_clip = record(tmp_path / "b" / "clip.mp4", 1, 300.0)
    old_clip = record(tmp_path / "a" / "clip.mp4", 1, 200.0)
    record(tmp_path / "a" / "notes.txt", 1, 1.0)
    (tmp_path / "link.mp4").symlink_to(old_clip)
    assert oldest_recordings(tmp_path) == [old_clip, new_clip, old_picture]


def test_under_pressure_clips_go_first_and_then_the_reserve(small_disk: Path) -> None:
    recordings = small_disk / "incidents"
    clip = record(recordings / "a" / "clip.mp4", MB, 100.0)
    guard = DiskGuard(small_disk, recordings, reserve=Reserve(small_disk, size=4 * MB))
    assert not guard.look().low
    assert (small_disk / disk.RESERVE_NAME).stat().st_size == 4 * MB

    filler = record(small_disk / "filler", free_bytes(small_disk) - MB, 0.0)
    found = guard.look()
    assert found.recordings_deleted == 1
    assert not clip.exists()
    assert not found.low  # the clip was enough
    assert guard.look().recordings_deleted == 0

    filler.write_bytes(b"x" * (filler.stat().st_size + MB + MB // 2))
    found = guard.look()
    assert found.low
    assert found.reserve_given_back
    assert found.free >= 4 * MB
    assert not found.exhausted

    filler.write_bytes(b"x" * (filler.stat().st_size + free_bytes(small_disk)))
    assert guard.look().exhausted
    filler.unlink()
    assert not guard.look().low
    assert (small_disk / disk.RESERVE_NAME).exists()


def test_a_disk_without_room_for_it_gets_no_reserve(small_disk: Path) -> None:
    assert not Reserve(small_disk, size=14 * MB).take()
    assert not (small_disk / disk.RESERVE_NAME).exists()
