"""From the bytes of a picture to pixels: the one place that decodes, so that what is judged is what serves."""

from __future__ import annotations

import io
import struct
from contextlib import nullcontext
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock
from typing import Any, Optional

import cv2
import numpy as np
from PIL import Image, UnidentifiedImageError
from typing_extensions import Literal

from hackai_shared.memory_limit import memory_limit

ImageFormat = Literal["jpeg", "png", "webp"]
_FORMATS = {"JPEG": "jpeg", "MPO": "jpeg", "PNG": "png", "WEBP": "webp"}
MAX_PIXELS = 50_000_000
# Decoding holds the picture once or twice, at three or four bytes a pixel; of the memory it may take a quarter.
BYTES_PER_PIXEL, SHARE = 8, 4
# Cameras stay below it (2560 x 1600); a larger picture is worth waiting for the one before.
LARGE_PIXELS = 4_100_000
_one_at_a_time = Lock()
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


@lru_cache(maxsize=1)
def affordable_pixels() -> int:
    """Return the most pixels that a picture may have here; follows the memory limit of the process."""
    limit = memory_limit()
    return MAX_PIXELS if limit is None else min(MAX_PIXELS, limit // SHARE // BYTES_PER_PIXEL)


def probe_image(data: bytes, *, max_pixels: int = MAX_PIXELS) -> ImageInfo:
    """Return format and size from the header alone: a decompression bomb costs nothing.

    Raises:
        UnsupportedImage: empty, text, or another format.
        ImageTooLarge: more than ``max_pixels``, or than the memory of this process allows.
    """
    max_pixels = min(max_pixels, affordable_pixels())
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
    Of the pictures over ``LARGE_PIXELS`` one is decoded at a time.

    Raises:
        ImageError: not a picture, too large, truncated or damaged.
    """
    info = probe_image(data, max_pixels=max_pixels)
    with _one_at_a_time if info.width * info.height > LARGE_PIXELS else nullcontext():
        return _decode(data, info, fit_height, fit_width)


def _decode(
    data: bytes, info: ImageInfo, fit_height: Optional[int], fit_width: Optional[int]
) -> "np.ndarray[Any, np.dtype[np.uint8]]":
    if info.format == "jpeg" and _END_OF_IMAGE not in data[-_JPEG_TAIL:]:
        raise ImageError(f"truncated JPEG: no end-of-image marker in {len(data)} bytes")
    flag = cv2.IMREAD_COLOR
    # Large ones of other formats too: what leaves here while the next one is decoded must be small.
    if (info.format == "jpeg" or info.width * info.height > LARGE_PIXELS) and fit_height and fit_width:
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
