"""Scaling and encoding."""

from __future__ import annotations

from collections.abc import Callable

import av
import cv2
import numpy as np
import pytest
from av.video.reformatter import VideoReformatter

from hackai_camera.pictures import JpegPicture, PixelPicture, VideoPicture, scaled_size
from hackai_camera.stills import PictureError


def decode(jpeg: bytes) -> np.ndarray:
    return np.asarray(cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR))


@pytest.mark.parametrize(
    ("size", "expected"),
    [((640, 360), (640, 360)), ((1280, 720), (1280, 720)), ((1920, 1080), (1280, 720)), ((9999, 1), (1280, 1))],
)
def test_size(size: tuple[int, int], expected: tuple[int, int]) -> None:
    assert scaled_size(*size, max_width=1280) == expected


def test_a_small_jpeg_passes_byte_for_byte(make_jpeg: Callable[..., bytes]) -> None:
    jpeg = make_jpeg(64, 48)

    assert JpegPicture(jpeg, 64, 48).encode(max_width=64, quality=30).jpeg is jpeg


def test_a_large_jpeg_is_scaled(make_jpeg: Callable[..., bytes]) -> None:
    encoded = JpegPicture(make_jpeg(640, 480, value=200), 640, 480).encode(max_width=160, quality=85)

    assert (encoded.width, encoded.height) == (160, 120)
    assert decode(encoded.jpeg).shape == (120, 160, 3)
    assert decode(encoded.jpeg).mean() == pytest.approx(200, abs=2)


def test_a_damaged_large_jpeg_is_an_error(make_jpeg: Callable[..., bytes]) -> None:
    with pytest.raises(PictureError):
        JpegPicture(make_jpeg(640, 480)[:-100], 640, 480).encode(max_width=160, quality=85)


def test_quality_counts() -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (120, 160, 3), np.uint8)

    assert len(PixelPicture(pixels).encode(160, 30).jpeg) < len(PixelPicture(pixels).encode(160, 95).jpeg)


@pytest.mark.parametrize("pixel_format", ["yuv420p", "yuvj420p", "yuv422p", "rgb24", "bgra", "gray"])
def test_colours_of_a_video_frame_are_kept(pixel_format: str) -> None:
    bgr = np.zeros((96, 128, 3), np.uint8)
    bgr[:] = (40, 120, 230) if pixel_format != "gray" else (120, 120, 120)
    frame = av.VideoFrame.from_ndarray(bgr, format="bgr24").reformat(format=pixel_format)

    encoded = VideoPicture(frame, VideoReformatter()).encode(max_width=64, quality=95)

    assert (encoded.width, encoded.height) == (64, 48)
    assert decode(encoded.jpeg).mean((0, 1)) == pytest.approx(bgr.mean((0, 1)), abs=4)
