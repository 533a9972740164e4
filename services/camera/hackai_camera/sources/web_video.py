"""A camera at an ``http(s)://`` address: FFmpeg reads what it understands, else the pictures are looked for."""

from __future__ import annotations

from collections.abc import Iterator

from hackai_camera.pictures import Picture, still_picture
from hackai_camera.sources.base import OnBad, Pace, SourceError, SourceFrame
from hackai_camera.sources.pyav import MAX_BAD_PACKETS, DamagedJpeg, Unreadable, Video, whole_jpeg
from hackai_camera.sources.scanned import ScannedStream, WrongKind
from hackai_camera.stills import PictureError
from hackai_shared.config.cameras import PyavSource


class WebVideo:
    """FFmpeg first: it also opens files, playlists and MPEG over HTTP."""

    def __init__(self, config: PyavSource, on_bad: OnBad) -> None:
        self._config = config
        self._on_bad = on_bad
        self._video = Video(config, on_bad)
        self._stream: ScannedStream | None = None

    def open(self) -> Pace:
        """Open it.

        Raises:
            SourceError: not there, no answer in time, or no video; without credentials.
        """
        try:
            return self._video.open()
        except Unreadable as unreadable:
            self._video.close()
            stream = self._stream = ScannedStream(
                self._config.url.get_secret_value(),
                open_timeout_s=self._config.open_timeout_s,
                read_timeout_s=self._config.read_timeout_s,
                tls_verify=self._config.options.get("tls_verify") == "1",
            )
            try:
                stream.open()
            except WrongKind:
                raise
            except SourceError:
                raise unreadable from None
            return Pace.LIVE

    def frames(self) -> Iterator[SourceFrame]:
        """Iterate over the frames, of a file at the address to its end.

        Raises:
            SourceError: the stream ended, nothing came in time, or nothing can be decoded.
        """
        if self._stream is None:
            yield from self._video.frames()
        else:
            yield from self._scanned(self._stream)

    def close(self) -> None:
        """Close the connection."""
        self._video.close()
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def _scanned(self, stream: ScannedStream) -> Iterator[SourceFrame]:
        bad = 0
        for jpeg in stream.jpegs():
            try:
                picture: Picture = whole_jpeg(jpeg) or still_picture(jpeg)
            except (DamagedJpeg, PictureError) as error:
                bad += 1
                self._on_bad(f"damaged picture: {error}")
                if bad > MAX_BAD_PACKETS:
                    raise SourceError(f"{bad} damaged pictures in a row, the last one: {error}") from None
                continue
            bad = 0
            yield SourceFrame(picture, media_s=None)
        raise SourceError("the stream ended")
