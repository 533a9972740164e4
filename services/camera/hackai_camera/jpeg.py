"""Reads the structure of a JPEG without decoding it (ITU-T T.81, annex B)."""

from __future__ import annotations

from typing import NamedTuple

from hackai_camera.orientation import UPRIGHT, exif_orientation

_START = b"\xff\xd8"
_END = b"\xff\xd9"
# Start-of-frame markers: all of C0-CF but DHT (C4), JPG (C8) and DAC (CC).
_FRAME_MARKERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_HUFFMAN_TABLES = 0xC4
_SCAN = 0xDA
_APP1 = 0xE1
_EXIF = b"Exif\0\0"
_STANDALONE = frozenset((0x01, *range(0xD0, 0xD9)))
# Cameras pad frames to their buffer size; more than this behind the end marker is something else.
_MAX_PADDING = 4096


class JpegStructure(NamedTuple):
    """What the headers of a JPEG say."""

    width: int
    height: int
    """Pixels as they are stored, before any rotation."""
    has_huffman_tables: bool
    """False for the "AVI1" pictures of some USB cameras, which decoders other than FFmpeg cannot read."""
    complete: bool
    """Whether the end-of-image marker is there."""
    orientation: int = UPRIGHT
    """How the EXIF data want it turned, 1 (as it is stored) to 8."""

    @property
    def passes(self) -> bool:
        """Whether every decoder reads it, and shows the same picture: else it has to be encoded anew."""
        return self.has_huffman_tables and self.orientation == UPRIGHT


def read_structure(data: bytes) -> JpegStructure | None:
    """Return the structure of a JPEG; None if it is not one or its headers are damaged."""
    if not data.startswith(_START):
        return None
    at = len(_START)
    size: tuple[int, int] | None = None
    tables, orientation = False, UPRIGHT
    while at + 4 <= len(data):
        if data[at] != 0xFF:
            return None
        marker = data[at + 1]
        if marker == 0xFF:  # fill byte
            at += 1
            continue
        if marker in _STANDALONE:
            at += 2
            continue
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        if length < 2:
            return None
        if marker in _FRAME_MARKERS and at + 9 <= len(data):
            size = int.from_bytes(data[at + 7 : at + 9], "big"), int.from_bytes(data[at + 5 : at + 7], "big")
        tables = tables or marker == _HUFFMAN_TABLES
        if marker == _APP1 and data.startswith(_EXIF, at + 4):
            orientation = exif_orientation(data[at + 4 : at + 2 + length])
        if marker == _SCAN:
            if size is None or 0 in size:
                return None
            complete = data.rfind(_END, max(at, len(data) - _MAX_PADDING)) >= 0
            return JpegStructure(*size, tables, complete, orientation)
        at += 2 + length
    return None
