"""Finds the JPEGs in a stream of bytes, whatever stands between them. Pure."""

from __future__ import annotations

_START = b"\xff\xd8\xff"
_MARKER = 0xFF
_SCAN = 0xDA
_END = 0xD9
# Markers without a length: TEM, RST0-7.
_STANDALONE = frozenset((0x01, *range(0xD0, 0xD8)))
# A picture that is larger is none: something else is sent that only begins like one.
MAX_BYTES = 32 * 1024 * 1024


class JpegScanner:
    """Takes the stream in pieces of any size and returns each JPEG as soon as its last byte is there.

    It follows the structure (ITU-T T.81, annex B) rather than looking for the end marker, which also stands in the
    thumbnails of EXIF data. What is no JPEG is passed over; so is a JPEG whose structure breaks.
    """

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._max_bytes = max_bytes
        self._data = bytearray()
        self._at = 0
        """How far the structure of the picture at the beginning of ``_data`` is known; 0: no picture begins there."""
        self._in_scan = False

    def feed(self, data: bytes) -> list[bytes]:
        """Return the pictures that are complete now."""
        self._data += data
        pictures = []
        while (picture := self._next()) is not None:
            pictures.append(picture)
        return pictures

    def _next(self) -> bytes | None:
        while self._at or self._find_start():
            end = self._follow()
            if end > 0:
                picture = bytes(self._data[:end])
                self._begin_anew(end)
                return picture
            if end == 0 and len(self._data) <= self._max_bytes:
                return None  # more has to come
            self._begin_anew(len(_START) - 1)  # broken, or too large: what looked like a beginning was none
        return None

    def _find_start(self) -> bool:
        start = self._data.find(_START)
        if start < 0:
            del self._data[: max(0, len(self._data) - len(_START) + 1)]
            return False
        del self._data[:start]
        self._at = 2
        return True

    def _begin_anew(self, used: int) -> None:
        del self._data[:used]
        self._at, self._in_scan = 0, False

    def _follow(self) -> int:
        """Return where the picture ends; 0: more has to come; -1: it breaks."""
        data = self._data
        while self._at + 2 <= len(data):
            if self._in_scan:
                at = data.find(_MARKER, self._at)
                if at < 0 or at + 2 > len(data):
                    self._at = max(self._at, len(data) - 1) if at < 0 else at
                    return 0
                self._at = at
                if data[at + 1] == 0 or data[at + 1] in _STANDALONE:  # a stuffed byte, a restart
                    self._at += 2
                    continue
            if data[self._at] != _MARKER:
                return -1
            marker = data[self._at + 1]
            if marker == _MARKER:  # a fill byte
                self._at += 1
            elif marker == _END:
                return self._at + 2
            elif marker in _STANDALONE:
                self._at += 2
            elif marker == 0 or marker == _START[1]:
                return -1
            else:
                if self._at + 4 > len(data):
                    return 0
                self._at += 2 + int.from_bytes(data[self._at + 2 : self._at + 4], "big")
                self._in_scan = marker == _SCAN
                if self._at > self._max_bytes:
                    return -1
        return 0
