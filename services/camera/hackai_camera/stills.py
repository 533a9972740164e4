"""Single pictures out of files, decoded by FFmpeg, which the camera has anyway: JPEG, PNG and WebP."""

from __future__ import annotations

import av
import av.error
from av import VideoFrame

from hackai_camera.jpeg import read_structure

# What the first bytes of a picture say about the decoder. FFmpeg's own guess is not asked for: it would also take a
# playlist or a script for a picture.
_JPEG = b"\xff\xd8"
_PNG = b"\x89PNG\r\n\x1a\n"
_WEBP = (b"RIFF", b"WEBP")
# More is refused from the header alone: a decompression bomb costs nothing.
MAX_PIXELS = 50_000_000


class PictureError(ValueError):
    """The picture cannot be decoded or encoded."""


def decode_still(data: bytes) -> VideoFrame:
    """Return a picture in the pixel format in which it was stored, with the rotation that its EXIF data ask for.

    Raises:
        PictureError: not a picture, larger than ``MAX_PIXELS``, truncated or damaged.
    """
    options = {"max_pixels": str(MAX_PIXELS)}
    if data.startswith(_JPEG):
        structure = read_structure(data)
        if structure is None or not structure.complete:
            raise PictureError(f"damaged or truncated JPEG of {len(data)} bytes")
        name = "mjpeg"
    elif data.startswith(_PNG):
        name = "png"
        options["err_detect"] = "explode"  # or a wrong checksum passes
    elif (data[:4], data[8:12]) == _WEBP:
        name = "webp"
        options["err_detect"] = "explode"
    else:
        raise PictureError("not a JPEG, PNG or WebP picture" if data else "the file is empty")
    decoder = av.CodecContext.create(name, "r")
    assert isinstance(decoder, av.VideoCodecContext)
    decoder.options = options
    decoder.thread_count = 1  # a camera may not take the cores that inference needs
    try:
        frames = [*decoder.decode(av.Packet(data)), *decoder.decode(None)]
    except (av.error.FFmpegError, ValueError) as error:
        raise PictureError(f"damaged or too large: {error}") from error
    if not frames:
        raise PictureError(f"no picture in {len(data)} bytes")
    return frames[0]
