"""Frames to calibrate on: a recording, a folder of recordings or pictures, or the live camera over Redis."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import AsyncIterator, Iterator, List, NamedTuple

import cv2

from hackai_shared.bus import Bus, names
from hackai_shared.envelope import EnvelopeError, unpack_frame

VIDEOS = {".mp4", ".mkv", ".avi", ".mov", ".webm", ".gif", ".ts"}
PICTURES = {".jpg", ".jpeg", ".png", ".webp"}
JPEG_QUALITY = 85  # as the camera service encodes by default
PICTURE_FPS = 2.0


class NoFootage(ValueError):
    """There is nothing to look at; the message says what was expected."""


class Shot(NamedTuple):
    """A frame: stream time, UTC wall clock, the bytes as the camera service would publish them, the size in pixels.

    ``source`` changes where one recording ends and the next begins.
    """

    stream_s: float
    at: datetime
    jpeg: bytes
    width: int
    height: int
    source: str


def recordings(path: Path) -> List[Path]:
    """Return the video files of a path, in the order of their names: the file itself, or those of a folder.

    Raises:
        NoFootage: there is none.
    """
    found = [path] if path.is_file() else sorted(file for file in path.glob("*") if file.suffix.lower() in VIDEOS)
    if not found:
        raise NoFootage(f"{path}: no recording ({', '.join(sorted(VIDEOS))})")
    return found


def recorded(path: Path, fps: float) -> Iterator[Shot]:
    """Yield the frames of a recording, or of a folder of recordings or else pictures, at no more than ``fps`` a second.

    Raises:
        NoFootage: there is nothing of the kind, or a file cannot be read.
    """
    if path.is_dir() and not any(file.suffix.lower() in VIDEOS for file in path.iterdir()):
        yield from _pictures(path)
        return
    for file in recordings(path):
        yield from _video(file, fps)


async def live(bus: Bus, camera: str, *, hours: float) -> AsyncIterator[Shot]:
    """Yield the frames of a camera as it publishes them, for so many hours of stream time."""
    watched, last = 0.0, None
    async for _, payload in bus.subscribe(names.frames(camera)):
        try:
            header, jpeg = unpack_frame(payload)
        except EnvelopeError:
            continue  # the inference service counts and logs these
        if last is not None and header.epoch == last.epoch:
            watched += max(0.0, header.stream_s - last.stream_s)
        last = header
        yield Shot(header.stream_s, header.captured_at, jpeg, header.width, header.height, header.epoch)
        if watched >= hours * 3600.0:
            return


def _video(file: Path, fps: float) -> Iterator[Shot]:
    capture = cv2.VideoCapture(str(file))
    if not capture.isOpened():
        raise NoFootage(f"{file}: cannot be read as a video")
    began = datetime.fromtimestamp(file.stat().st_mtime, timezone.utc)
    rate = capture.get(cv2.CAP_PROP_FPS) or 25.0
    number, due = 0, 0.0
    try:
        while capture.grab():
            at, number = number / rate, number + 1
            if at + 1e-6 < due:
                continue
            due = max(due + 1.0 / fps, at)
            done, pixels = capture.retrieve()
            if not done:
                break
            jpeg = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1].tobytes()
            height, width = pixels.shape[:2]
            yield Shot(at, began + timedelta(seconds=at), jpeg, width, height, file.name)
    finally:
        capture.release()
    if number == 0:
        raise NoFootage(f"{file}: there is no frame in it")


def _pictures(folder: Path) -> Iterator[Shot]:
    files = sorted(file for file in folder.glob("*") if file.suffix.lower() in PICTURES)
    if not files:
        raise NoFootage(f"{folder}: neither recordings nor pictures")
    began = datetime.fromtimestamp(files[0].stat().st_mtime, timezone.utc)
    for number, file in enumerate(files):
        pixels = cv2.imread(str(file))
        if pixels is None:
            raise NoFootage(f"{file}: cannot be read as a picture")
        jpeg = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1].tobytes()
        at = number / PICTURE_FPS
        yield Shot(at, began + timedelta(seconds=at), jpeg, pixels.shape[1], pixels.shape[0], folder.name)
