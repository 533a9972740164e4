"""Motion JPEG over HTTP that FFmpeg cannot open: the pictures are looked for in what the camera sends.

Cameras leave out the first boundary, write boundaries without dashes, or send one JPEG behind the other.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator

from hackai_camera.jpeg_scanner import JpegScanner
from hackai_camera.sources.base import SourceError
from hackai_camera.sources.http_camera import HttpCamera, kind_of

ONE_PICTURE = "the address answers one picture, not a stream: use type snapshot for it"
# What can hold pictures; a page of HTML that embeds one cannot.
_KINDS = ("multipart/", "image/jpeg", "image/jpg", "application/octet-stream", "video/")


class WrongKind(SourceError):
    """The address answers something else than a stream of pictures; the message says what to use instead."""


class ScannedStream:
    """One connection to a camera that sends JPEGs."""

    def __init__(self, url: str, *, open_timeout_s: float, read_timeout_s: float, tls_verify: bool) -> None:
        self._open_timeout_s = open_timeout_s
        self._camera = HttpCamera(url, connect_s=open_timeout_s, read_s=read_timeout_s, tls_verify=tls_verify)
        self._jpegs = self._scan()
        self._first: bytes | None = None

    def open(self) -> None:
        """Wait for the first picture.

        Raises:
            WrongKind: it is no stream of pictures, or a single one.
            SourceError: there is no picture in time.
        """
        self._first = next(self._jpegs, None)
        if self._first is None:
            raise SourceError("there is no picture in it")

    def jpegs(self) -> Iterator[bytes]:
        """Iterate over the JPEGs until the stream ends.

        Raises:
            WrongKind: it ended after one picture.
            SourceError: nothing came in time, or the connection broke.
        """
        if self._first is not None:
            first, self._first = self._first, None
            yield first
        second = next(self._jpegs, None)
        if second is None:
            raise WrongKind(ONE_PICTURE)
        yield second
        yield from self._jpegs

    def close(self) -> None:
        """Close the connection."""
        self._jpegs.close()
        self._camera.close()

    def _scan(self) -> Generator[bytes, None, None]:
        scanner, end_s, found = JpegScanner(), time.monotonic() + self._open_timeout_s, False
        with self._camera.ask() as answer:
            kind = kind_of(answer)
            if kind and not kind.startswith(_KINDS):
                raise WrongKind(f"the address answers {kind}, which is no video")
            if kind.startswith("image/") and "content-length" in answer.headers:
                raise WrongKind(ONE_PICTURE)
            for piece in answer.iter_bytes():
                for jpeg in scanner.feed(piece):
                    found = True
                    yield jpeg
                if not found and time.monotonic() > end_s:
                    raise SourceError(f"no picture within {self._open_timeout_s:g} s")
