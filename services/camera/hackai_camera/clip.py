"""An MP4 out of frames: H.264 4:2:0 with its index in front, which messengers play inline."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import lru_cache

import av
import av.error
from av.codec import Codec
from av.codec.codec import UnknownCodecError
from av.video.reformatter import VideoReformatter

from hackai_camera.pictures import VideoPicture, scaled_size
from hackai_camera.stills import PictureError, decode_still
from hackai_shared.envelope import Frame

# Best first. OpenH264 is BSD-licensed; x264 (GPL) is what PyAV's wheels bring along; MPEG-4 part 2 is in every FFmpeg.
CODECS = ("libopenh264", "libx264", "mpeg4")
OPTIONS = {
    # Constant quality; a clip of 20 s at 640x360 is about 1-2 MB. Two B-frames fewer start-up delays than by default.
    "libx264": {"preset": "veryfast", "crf": "26"},
    "libopenh264": {"rc_mode": "quality"},
    "mpeg4": {"qscale": "5"},
}
MAX_WIDTH = 1280
TIME_BASE = Fraction(1, 90_000)
# The index is written into space reserved in front of the pictures (the second pass of "faststart" would need a file):
# each frame takes at most 8 + 8 + 4 + 8 + 8 + 4 bytes in the tables of durations, offsets, sizes, key frames, chunks.
_INDEX_BYTES = 16_384
_INDEX_BYTES_PER_FRAME = 48


class ClipError(RuntimeError):
    """The clip could not be made."""


@lru_cache(maxsize=1)
def clip_codec() -> str:
    """Return the name of the best encoder that this build of FFmpeg has.

    Raises:
        ClipError: there is none.
    """
    for name in CODECS:
        try:
            return Codec(name, "w").name
        except UnknownCodecError:
            continue
    raise ClipError(f"this build of FFmpeg has none of the encoders {', '.join(CODECS)}")


def encode_clip(frames: Sequence[Frame], cancelled: Callable[[], bool] = lambda: False) -> bytes:
    """Return an MP4 of the frames at their true times, the first at 0.

    Frames that do not decode are left out. Blocks for the time of the encoding; with ``cancelled`` it ends early.

    Raises:
        ClipError: no frame decodes, FFmpeg failed, or it was cancelled.
    """
    buffer = io.BytesIO()
    reserve = _INDEX_BYTES + _INDEX_BYTES_PER_FRAME * len(frames)
    try:
        with av.open(buffer, "w", format="mp4", options={"moov_size": str(reserve)}) as container:
            _write(container, frames, cancelled)
    except av.error.FFmpegError as error:
        raise ClipError(f"cannot encode the clip: {error}") from error
    return buffer.getvalue()


def _write(container: av.container.OutputContainer, frames: Sequence[Frame], cancelled: Callable[[], bool]) -> None:
    first = frames[0].header
    width, height = (side // 2 * 2 for side in scaled_size(first.width, first.height, MAX_WIDTH))  # 4:2:0 wants even
    codec = clip_codec()
    stream = container.add_stream(codec, rate=Fraction(30), options=OPTIONS[codec])
    assert isinstance(stream, av.VideoStream)
    stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
    stream.time_base = stream.codec_context.time_base = TIME_BASE
    stream.codec_context.thread_count = 1  # a clip may take its time, inference may not
    converter = VideoReformatter()
    last_pts = -1
    for frame in frames:
        if cancelled():
            raise ClipError("cancelled")
        try:
            pixels = VideoPicture(decode_still(frame.jpeg), converter).pixels(width)
        except PictureError:  # cameras do send such pictures
            continue
        picture = av.VideoFrame.from_ndarray(pixels, format="bgr24")
        pts = round((frame.header.stream_s - first.stream_s) / TIME_BASE)
        picture.pts = last_pts = max(pts, last_pts + 1)
        picture.time_base = TIME_BASE
        container.mux(stream.encode(picture))
    if last_pts < 0:
        raise ClipError("none of the frames can be decoded")
    container.mux(stream.encode())
