"""Pictures before they are published: scaled to the allowed width and encoded as JPEG, once, and only if kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import simplejpeg
from av import VideoFrame
from av.video.reformatter import VideoReformatter

from hackai_camera.jpeg import read_structure
from hackai_camera.orientation import orientation_of_rotation, still_orientation, turn_for
from hackai_camera.stills import PictureError, decode_still

Pixels = np.ndarray[Any, np.dtype[np.uint8]]
"""(H, W, 3) uint8, BGR."""


@dataclass(frozen=True)
class EncodedPicture:
    """A JPEG and its size in pixels."""

    jpeg: bytes
    width: int
    height: int


class Picture(Protocol):
    """A picture in whatever form the source has it."""

    def encode(self, max_width: int, quality: int) -> EncodedPicture:
        """Return it as JPEG, at most ``max_width`` pixels wide.

        Raises:
            PictureError: it is damaged.
        """


def scaled_size(width: int, height: int, max_width: int) -> tuple[int, int]:
    """Return the size that fits ``max_width`` with the same proportions, never enlarged, never 0."""
    if width <= max_width:
        return width, height
    return max_width, max(1, round(height * max_width / width))


@dataclass(frozen=True)
class PixelPicture:
    """Pixels in memory."""

    pixels: Pixels

    def encode(self, max_width: int, quality: int) -> EncodedPicture:
        """Scale where needed and encode."""
        height, width = self.pixels.shape[:2]
        pixels = np.ascontiguousarray(self.pixels)
        if width > max_width:
            return VideoPicture(VideoFrame.from_ndarray(pixels, format="bgr24"), VideoReformatter()).encode(
                max_width, quality
            )
        try:
            jpeg = simplejpeg.encode_jpeg(pixels, quality=quality, colorspace="BGR", colorsubsampling="420")
        except ValueError as error:
            raise PictureError(f"cannot encode {width}x{height} pixels: {error}") from error
        return EncodedPicture(jpeg, width, height)


@dataclass(frozen=True)
class JpegPicture:
    """A whole JPEG that is stored upright: where it is small enough its bytes pass unchanged, so what is judged is what
    the camera made.
    """

    jpeg: bytes
    width: int
    height: int

    def encode(self, max_width: int, quality: int) -> EncodedPicture:
        """Pass the bytes on, or decode, scale and encode."""
        if self.width <= max_width:
            return EncodedPicture(self.jpeg, self.width, self.height)
        return VideoPicture(decode_still(self.jpeg), VideoReformatter()).encode(max_width, quality)


@dataclass(frozen=True)
class VideoPicture:
    """A decoded frame of a video, in the pixel format of its codec."""

    frame: VideoFrame
    converter: VideoReformatter
    """Shared by the frames of one source: its set-up costs more than a conversion."""
    orientation: int | None = None
    """That of EXIF, 1-8; None: as FFmpeg's display matrix says, which knows turns and no mirrors."""

    def encode(self, max_width: int, quality: int) -> EncodedPicture:
        """Convert and encode."""
        return PixelPicture(self.pixels(max_width)).encode(max_width, quality)

    def pixels(self, max_width: int) -> Pixels:
        """Convert and scale in one pass, turn and mirror to stand upright.

        Raises:
            PictureError: FFmpeg cannot convert it.
        """
        frame = self.frame
        turn = turn_for(self.orientation or orientation_of_rotation(frame.rotation))
        sideways = turn.swaps_axes
        width, height = (frame.height, frame.width) if sideways else (frame.width, frame.height)
        width, height = scaled_size(width, height, max_width)
        try:
            converted = self.converter.reformat(
                frame,
                width=height if sideways else width,
                height=width if sideways else height,
                format="bgr24",
                interpolation="AREA",
                threads=1,  # a camera may not take the cores that inference needs
            ).to_ndarray()
        except (ValueError, OSError) as error:  # FFmpeg's errors are subclasses of these
            raise PictureError(f"cannot convert a frame: {error}") from error
        turned = converted.swapaxes(0, 1) if turn.swaps_axes else converted
        turned = turned[:: -1 if turn.mirrors_y else 1, :: -1 if turn.mirrors_x else 1]
        return turned.astype(np.uint8, copy=False)


def still_picture(data: bytes) -> Picture:
    """Return a JPEG, PNG or WebP that is known to decode; an upright JPEG keeps its bytes.

    Raises:
        PictureError: not a picture, too large, or damaged.
    """
    frame = decode_still(data)  # also for a JPEG that passes unchanged: a damaged one must not get through
    structure = read_structure(data)
    if structure is None:
        return VideoPicture(frame, VideoReformatter(), still_orientation(data))
    if structure.passes:
        return JpegPicture(data, structure.width, structure.height)
    return VideoPicture(frame, VideoReformatter(), structure.orientation)
