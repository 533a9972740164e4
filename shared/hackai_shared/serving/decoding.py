"""From the bytes of a picture to pixels: the one place that decodes, so that what is judged is what serves."""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass
from typing import Any, Optional

import cv2
import numpy as np
from PIL import Image, UnidentifiedImageError
from typing_extensions import Literal

ImageFormat = Literal["jpeg", "png", "webp"]
_FORMATS = {"JPEG": "jpeg", "MPO": "jpeg", "PNG": "png", "WEBP": "webp"}
MAX_PIXELS = 50_000_000
# The limit is checked below for every picture; Pillow's own is another one, and below its double it only warns.
Image.MAX_IMAGE_PIXELS = None
# Trailing padding that some cameras write after the end-of-image marker.
_JPEG_TAIL = 1024
_END_OF_IMAGE = b"\xff\xd9"
# EXIF 2.32, tag "Orientation": 5 to 8 turn a picture by a quarter.
_ORIENTATION = 0x0112
_SIDEWAYS = (5, 6, 7, 8)


class ImageError(ValueError):
    """The bytes are not a picture that can be used; the message says why."""


class UnsupportedImage(ImageError):
    """Not a JPEG, PNG or WebP picture."""


class ImageTooLarge(ImageError):
    """The picture has more pixels than allowed; it was not decoded."""


@dataclass(frozen=True)
class ImageInfo:
    """What the header of a picture says; the size is that of the upright picture, as it is decoded and shown."""

    format: ImageFormat
    width: int
    height: int


def probe_image(data: bytes, *, max_pixels: int = MAX_PIXELS) -> ImageInfo:
    """Return format and size from the header alone: a decompression bomb costs nothing.

    Raises:
        UnsupportedImage: empty, text, or another format.
        ImageTooLarge: more than ``max_pixels``.
    """
    if not data:
        raise UnsupportedImage("the body is empty; send a JPEG, PNG or WebP picture")
    try:
        with Image.open(io.BytesIO(data), formats=("JPEG", "PNG", "WEBP", "MPO")) as image:
            width, height = image.size
            kind, sideways = _FORMATS[str(image.format)], _orientation(image.info.get("exif")) in _SIDEWAYS
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, KeyError) as error:
        raise UnsupportedImage("not a JPEG, PNG or WebP picture") from error
    if width * height > max_pixels:
        raise ImageTooLarge(f"{width}x{height} pixels are more than the {max_pixels} allowed")
    if sideways:
        width, height = height, width
    return ImageInfo(kind, width, height)  # type: ignore[arg-type]


def _orientation(exif: Optional[bytes]) -> int:
    """Return how the EXIF data want a picture turned, 1-8; 1 (as it is) where they say nothing that can be read."""
    parsed = Image.Exif()
    try:
        parsed.load(exif or b"")
        return int(parsed.get(_ORIENTATION, 1))
    except (SyntaxError, ValueError, TypeError, KeyError, OverflowError, struct.error):
        return 1


def decode_image(
    data: bytes, *, fit_height: Optional[int] = None, fit_width: Optional[int] = None, max_pixels: int = MAX_PIXELS
) -> "np.ndarray[Any, np.dtype[np.uint8]]":
    """Return a picture as ``(H, W, 3) uint8`` in **RGB**, upright: turned as its EXIF data ask for.

    With ``fit_height`` and ``fit_width`` a JPEG is decoded at 1/2, 1/4 or 1/8 of its size as long as neither side falls
    below them: the discrete cosine transform is skipped where its detail would be thrown away by the resize anyway.

    Raises:
        ImageError: not a picture, too large, truncated or damaged.
    """
    info = probe_image(data, max_pixels=max_pixels)
    if info.format == "jpeg" and _END_OF_IMAGE not in data[-_JPEG_TAIL:]:
        raise ImageError(f"truncated JPEG: no end-of-image marker in {len(data)} bytes")
    flag = cv2.IMREAD_COLOR
    if info.format == "jpeg" and fit_height and fit_width:
        flag = _reduced_flag(min(info.height / fit_height, info.width / fit_width))
    try:
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), flag)
    except cv2.error as error:
        raise ImageError(f"damaged {info.format} picture: {error.err or error}") from error
    if pixels is None:
        raise ImageError(f"damaged {info.format} picture")
    return cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB)  # type: ignore[return-value]


def _reduced_flag(ratio: float) -> int:
    if ratio >= 8:
        return cv2.IMREAD_REDUCED_COLOR_8
    if ratio >= 4:
        return cv2.IMREAD_REDUCED_COLOR_4
    if ratio >= 2:
        return cv2.IMREAD_REDUCED_COLOR_2
    return cv2.IMREAD_COLOR
