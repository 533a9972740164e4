"""Anything that FFmpeg opens: network cameras, devices, files, animated GIFs."""

from __future__ import annotations

import errno
import time
from collections.abc import Iterator
from pathlib import Path

import av
import av.error
from av.container import InputContainer
from av.packet import Packet
from av.video.reformatter import VideoReformatter
from av.video.stream import VideoStream

from hackai_camera.jpeg import read_structure
from hackai_camera.pictures import JpegPicture, Picture, VideoPicture, still_picture
from hackai_camera.sources.base import OnBad, Pace, SourceError, SourceFrame
from hackai_camera.stills import PictureError
from hackai_shared.config.cameras import PyavSource
from hackai_shared.redaction import redact

# FFmpeg "decodes" these from plain text: a text file must be an error, not a video of its letters.
_TEXT_FORMATS = frozenset(("tty", "bin", "xbin", "idf", "adf"))
# One JPEG behind the other: FFmpeg wants dozens to begin with, and holds each back until the next one comes.
_BARE_JPEG = frozenset(("mjpeg", "jpeg_pipe"))
# So many damaged packets in a row are no disturbance any more.
MAX_BAD_PACKETS = 250


class Unreadable(SourceError):
    """Something answers, but FFmpeg does not understand it."""


class Video:
    """One opening of an FFmpeg source.

    Opening and reading give up after the configured seconds. Where the system itself hangs (a device driver, a name
    server) they do not: the camera's watchdog sees that from outside.
    """

    def __init__(self, config: PyavSource, on_bad: OnBad) -> None:
        self._config = config
        self._url = config.url.get_secret_value()
        self._on_bad = on_bad
        self._container: InputContainer | None = None
        self._stream: VideoStream | None = None
        self._converter = VideoReformatter()
        self._live = False

    def open(self) -> Pace:
        """Open it.

        Raises:
            SourceError: not there, no answer in time, or no video; without credentials.
        """
        container = self._container = self._open()
        self._live = _is_device(self._url) or scheme_of(self._url).startswith("rtsp")
        if not self._live and scheme_of(self._url) not in ("", "file"):
            self._live = container.duration is None  # over HTTP: a camera has no end, a file has
        if self._live:
            return Pace.LIVE
        return Pace.REAL_TIME if self._config.paced else Pace.UNPACED

    def frames(self) -> Iterator[SourceFrame]:
        """Iterate over the frames.

        Raises:
            SourceError: a live stream ended, nothing came in time, or nothing can be decoded.
        """
        offset_s = 0.0
        while True:
            end_s = offset_s
            for frame, duration_s in self._play(offset_s):
                yield frame
                if frame.media_s is not None:
                    end_s = frame.media_s + duration_s
            if self._live:
                raise SourceError("the stream ended")
            if end_s == offset_s:
                raise SourceError("there is no frame in it")
            if not self._config.loop:
                return
            offset_s = end_s
            self.close()
            self._container = self._open()  # seeking to the start fails for some formats, opening anew never does

    def close(self) -> None:
        """Close the container; for the thread that reads it only."""
        if self._container is not None:
            self._container.close()
            self._container = self._stream = None

    def _open(self) -> InputContainer:
        device, scheme = _is_device(self._url), scheme_of(self._url)
        began_s = time.monotonic()
        try:
            container = av.open(
                self._url,
                format="v4l2" if device else None,
                options={**_default_options(scheme, self._config.read_timeout_s), **self._config.options},
                timeout=(self._config.open_timeout_s, self._config.read_timeout_s),
            )
        except (av.error.FFmpegError, OSError, ValueError) as error:
            # "from None": a traceback with FFmpeg's own message would carry the URL and its password.
            why = f"cannot open: {self._why(error, began_s, self._config.open_timeout_s)}"
            raise (Unreadable if _answered(error) else SourceError)(why) from None
        if scheme in ("http", "https") and container.format.name in _BARE_JPEG:
            container.close()
            raise Unreadable("cannot open: a JPEG without a container")
        stream = _video_in(container)
        if stream is None or container.format.name in _TEXT_FORMATS:
            container.close()
            raise SourceError("cannot open: there is no video in it")
        # One thread: frame threads add a delay of a frame each, and cores belong to inference.
        stream.codec_context.thread_count = 1
        self._stream = stream
        return container

    def _play(self, offset_s: float) -> Iterator[tuple[SourceFrame, float]]:
        """Yield each frame of one run through the container with its duration in seconds."""
        stream = self._stream
        assert stream is not None
        period_s = 1.0 / float(stream.average_rate) if stream.average_rate else 0.04
        start_s = float(stream.start_time * stream.time_base) if stream.start_time and stream.time_base else 0.0
        last_s = offset_s - period_s
        for picture, time_s in self._pictures(stream):
            if self._live:
                yield SourceFrame(picture, media_s=None), 0.0
                continue
            media_s = last_s + period_s if time_s is None else offset_s + time_s - start_s
            media_s = max(media_s, last_s, offset_s)  # a damaged file may jump back; stream time never does
            last_s = media_s
            yield SourceFrame(picture, media_s), period_s

    def _pictures(self, stream: VideoStream) -> Iterator[tuple[Picture, float | None]]:
        bad = 0
        pass_on = stream.codec_context.name == "mjpeg"
        for packet in self._packets(stream):
            try:
                jpeg = whole_jpeg(bytes(packet)) if pass_on and packet.size else None
                decoded = packet.decode() if jpeg is None else []
            except (av.error.FFmpegError, DamagedJpeg, PictureError) as error:
                bad += 1
                reason = _reason(error)
                self._on_bad(f"damaged packet: {reason}")
                if bad > MAX_BAD_PACKETS:
                    raise SourceError(f"{bad} damaged packets in a row, the last one: {reason}") from None
                continue
            if jpeg is not None:
                bad = 0
                yield jpeg, None if packet.pts is None else float(packet.pts * packet.time_base)
            for frame in decoded:
                bad = 0
                yield VideoPicture(frame, self._converter), None if frame.pts is None else frame.time

    def _packets(self, stream: VideoStream) -> Iterator[Packet[VideoStream]]:
        assert self._container is not None
        packets = self._container.demux(stream)
        while True:
            began_s = time.monotonic()
            try:
                packet = next(packets, None)
            except (av.error.FFmpegError, OSError) as error:
                raise SourceError(f"cannot read: {self._why(error, began_s, self._config.read_timeout_s)}") from None
            if packet is None:
                return
            yield packet

    @staticmethod
    def _why(error: Exception, began_s: float, timeout_s: float) -> str:
        """Return the reason; FFmpeg calls a time-out by many names, from "Immediate exit" to "Invalid data"."""
        if isinstance(error, av.error.ExitError) or time.monotonic() - began_s >= timeout_s:
            return f"no answer within {timeout_s:g} s"
        return _reason(error)


class DamagedJpeg(ValueError):
    """A picture of motion JPEG that is cut off or no JPEG; FFmpeg would fill it up with grey."""


def whole_jpeg(data: bytes) -> Picture | None:
    """Return a picture of motion JPEG as it is, if it is an upright JPEG that every decoder reads; None: decode it.

    Raises:
        DamagedJpeg: a part is missing.
        PictureError: it has to be turned, and does not decode.
    """
    structure = read_structure(data)
    if structure is None or not structure.complete:
        raise DamagedJpeg("an incomplete JPEG")
    if structure.passes:
        return JpegPicture(data, structure.width, structure.height)
    return still_picture(data) if structure.has_huffman_tables else None


def scheme_of(url: str) -> str:
    """Return the lower-case scheme of a URL; empty for a path."""
    head, separator, _ = url.partition("://")
    return head.lower() if separator else ""


def _video_in(container: InputContainer) -> VideoStream | None:
    """Return the track that a player would show: the first one may be a cover."""
    stream = container.streams.best("video")
    return stream if isinstance(stream, VideoStream) else None


def _answered(error: Exception) -> bool:
    """Return whether something was there that FFmpeg did not understand: at once, when it ended, or in its time."""
    if isinstance(error, av.error.InvalidDataError | av.error.ExitError | av.error.EOFError):
        return True
    return isinstance(error, OSError) and error.errno == errno.EIO


def _is_device(url: str) -> bool:
    return url.startswith("/dev/video") or (url.startswith("/dev/") and Path(url).is_char_device())


def _default_options(scheme: str, read_timeout_s: float) -> dict[str, str]:
    """Return FFmpeg options for low latency; ``stimeout`` is dead since FFmpeg 5, ``timeout`` is in microseconds."""
    if scheme in ("rtsp", "rtsps"):
        return {
            "rtsp_transport": "tcp",
            "timeout": str(round(read_timeout_s * 1_000_000)),
            "fflags": "nobuffer",
            "flags": "low_delay",
        }
    return {}


def _reason(error: Exception) -> str:
    """Return FFmpeg's reason without the URL, which it repeats with the password."""
    return redact(str(getattr(error, "strerror", None) or error))
