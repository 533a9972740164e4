"""Pictures before they are published: scaled to the allowed width and encoded as JPEG, once, and only if kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import cv2
import numpy as np
from av import VideoFrame
from av.video.reformatter import VideoReformatter

from hackai_shared.serving.decoding import ImageError, decode_image

Pixels = np.ndarray[Any, np.dtype[np.uint8]]
"""(H, W, 3) uint8, BGR: OpenCV's order, which its encoder wants."""


class PictureError(ValueError):
    """The picture cannot be decoded or encoded."""


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
        pixels = self.pixels
        height, width = pixels.shape[:2]
        size = scaled_size(width, height, max_width)
        try:
            if size != (width, height):
                pixels = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
            ok, data = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])
        except cv2.error as error:
            raise PictureError(f"cannot encode {width}x{height} pixels: {error.err or error}") from error
        if not ok:
            raise PictureError(f"cannot encode {width}x{height} pixels")
        return EncodedPicture(data.tobytes(), *size)


@dataclass(frozen=True)
class JpegPicture:
    """A whole JPEG: where it is small enough its bytes pass unchanged, so what is judged is what the camera made."""

    jpeg: bytes
    width: int
    height: int

    def encode(self, max_width: int, quality: int) -> EncodedPicture:
        """Pass the bytes on, or decode, scale and encode."""
        if self.width <= max_width:
            return EncodedPicture(self.jpeg, self.width, self.height)
        try:
            pixels = decode_image(self.jpeg)
        except ImageError as error:
            raise PictureError(str(error)) from error
        return PixelPicture(np.ascontiguousarray(pixels[:, :, ::-1])).encode(max_width, quality)


@dataclass(frozen=True)
class VideoPicture:
    """A decoded frame of a video, in the pixel format of its codec."""

    frame: VideoFrame
    converter: VideoReformatter
    """Shared by the frames of one source: its set-up costs more than a conversion."""

    def encode(self, max_width: int, quality: int) -> EncodedPicture:
        """Convert and scale in one pass, turn as the file's display matrix says, encode."""
        frame = self.frame
        quarter_turns = round(frame.rotation / 90) % 4  # counter-clockwise, as FFmpeg defines the matrix
        sideways = quarter_turns % 2 == 1
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
        pixels = np.ascontiguousarray(np.rot90(converted, quarter_turns)) if quarter_turns else converted
        return PixelPicture(pixels.astype(np.uint8, copy=False)).encode(max_width, quality)
