"""A folder of pictures, in the order of their names, at a steady rate."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from hackai_camera.pictures import Picture, still_picture
from hackai_camera.sources.base import OnBad, Pace, SourceError, SourceFrame
from hackai_camera.stills import PictureError
from hackai_shared.config.cameras import ImagesSource

SUFFIXES = frozenset((".jpg", ".jpeg", ".png", ".webp"))
# A picture of 50 megapixels, the most that is decoded, as an uncompressed PNG is larger; nobody's camera writes those.
MAX_FILE_BYTES = 64 * 1024 * 1024


class ImageFolder:
    """Shows each picture once (or for ever, with ``loop``); damaged files are reported and skipped."""

    def __init__(self, config: ImagesSource, on_bad: OnBad) -> None:
        self._config = config
        self._folder = Path(config.folder)
        self._on_bad = on_bad

    def open(self) -> Pace:
        """Look whether there is anything to show.

        Raises:
            SourceError: no such folder, not readable, or no picture in it.
        """
        self._paths()
        return Pace.REAL_TIME

    def frames(self) -> Iterator[SourceFrame]:
        """Iterate over the pictures; media time counts the pictures shown, also over loops.

        Raises:
            SourceError: the folder vanished, or holds nothing that can be shown.
        """
        shown = 0
        while True:
            before = shown
            for path in self._paths():
                try:
                    picture = _load(path)
                except (PictureError, OSError) as error:
                    self._on_bad(f"{path.name}: {error}")
                    continue
                yield SourceFrame(picture, media_s=shown / self._config.fps)
                shown += 1
            if shown == before:
                raise SourceError(f"no usable picture in {self._folder}")
            if not self._config.loop:
                return

    def close(self) -> None:
        """Nothing is held open between two pictures."""

    def _paths(self) -> list[Path]:
        try:
            paths = sorted(path for path in self._folder.iterdir() if path.suffix.lower() in SUFFIXES)
        except OSError as error:
            raise SourceError(f"cannot read folder {self._folder}: {error.strerror}") from error
        if not paths:
            raise SourceError(f"no JPEG, PNG or WebP file in folder {self._folder}")
        return paths


def _load(path: Path) -> Picture:
    """Return a picture that is known to decode.

    Raises:
        PictureError: not a picture, too large, or damaged.
        OSError: it cannot be read.
    """
    if path.stat().st_size > MAX_FILE_BYTES:
        raise PictureError(f"larger than {MAX_FILE_BYTES} bytes")
    return still_picture(path.read_bytes())
