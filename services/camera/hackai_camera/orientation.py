"""How a stored picture has to be turned to stand upright: the orientation of EXIF (2.32, 4.6.5), 1 to 8."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple

UPRIGHT = 1
_TAG = 0x0112
_PNG = b"\x89PNG\r\n\x1a\n"
_EXIF_HEAD = b"Exif\0\0"


class Turn(NamedTuple):
    """What is done to the axes of a picture: first swapped, then mirrored."""

    swaps_axes: bool
    mirrors_x: bool
    mirrors_y: bool


_TURNS = {
    1: Turn(False, False, False),
    2: Turn(False, True, False),
    3: Turn(False, True, True),
    4: Turn(False, False, True),
    5: Turn(True, False, False),
    6: Turn(True, True, False),
    7: Turn(True, True, True),
    8: Turn(True, False, True),
}
# Quarter turns counter-clockwise, as FFmpeg counts them.
_ROTATED = {0: 1, 1: 8, 2: 3, 3: 6}


def turn_for(orientation: int) -> Turn:
    """Return what makes a picture with this orientation (1-8) upright."""
    return _TURNS[orientation]


def orientation_of_rotation(degrees: float) -> int:
    """Return the orientation for a rotation in degrees counter-clockwise, to the nearest quarter turn."""
    return _ROTATED[round(degrees / 90) % 4]


def exif_orientation(exif: bytes) -> int:
    """Return the orientation in the first directory of EXIF data; ``UPRIGHT`` where there is none."""
    tiff = exif.removeprefix(_EXIF_HEAD)
    order: Literal["little", "big"] = "little" if tiff.startswith(b"II") else "big"
    at = int.from_bytes(tiff[4:8], order)
    entries = int.from_bytes(tiff[at : at + 2], order)
    for entry in range(at + 2, min(at + 2 + 12 * entries, len(tiff) - 11), 12):
        if int.from_bytes(tiff[entry : entry + 2], order) == _TAG:
            value = int.from_bytes(tiff[entry + 8 : entry + 10], order)
            return value if value in _TURNS else UPRIGHT
    return UPRIGHT


def still_orientation(data: bytes) -> int:
    """Return the orientation of a PNG (chunk ``eXIf``) or WebP picture (chunk ``EXIF``)."""
    chunks = _png_chunks(data) if data.startswith(_PNG) else _riff_chunks(data)
    return next((exif_orientation(exif) for name, exif in chunks if name in (b"eXIf", b"EXIF")), UPRIGHT)


def _png_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(_PNG)
    while at + 8 <= len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        yield data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        at += 12 + length  # behind each is a checksum


def _riff_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 12
    while at + 8 <= len(data):
        length = int.from_bytes(data[at + 4 : at + 8], "little")
        yield data[at : at + 4], data[at + 8 : at + 8 + length]
        at += 8 + length + length % 2
