"""Builders of frames and pictures for the tests of the camera service."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from hackai_shared.envelope import Frame
from hackai_shared.messages import FrameHeader, utc_now

MakeFrame = Callable[..., Frame]


def jpeg_bytes(width: int = 64, height: int = 48, value: int = 128) -> bytes:
    """Return a plain grey JPEG."""
    ok, data = cv2.imencode(".jpg", np.full((height, width, 3), value, np.uint8))
    assert ok
    return data.tobytes()


@pytest.fixture
def make_jpeg() -> Callable[..., bytes]:
    return jpeg_bytes


@pytest.fixture
def make_frame() -> MakeFrame:
    """Return frames of 64x48 pixels at given stream times."""

    def make(
        stream_s: float,
        *,
        epoch: str = "e" * 32,
        sequence: int = 0,
        jpeg: bytes | None = None,
        monotonic_s: float | None = None,
        width: int = 64,
        height: int = 48,
    ) -> Frame:
        header = FrameHeader(
            camera_id="front",
            epoch=epoch,
            sequence=sequence,
            captured_at=utc_now(),
            stream_s=stream_s,
            monotonic_s=time.monotonic() if monotonic_s is None else monotonic_s,
            boot_id="boot",
            width=width,
            height=height,
        )
        return Frame(header, jpeg_bytes(width, height) if jpeg is None else jpeg)

    return make


@pytest.fixture
def make_video(tmp_path: Path) -> Callable[..., Path]:
    """Return the path of a small video; frame ``n`` is grey of brightness ``10 + 8 n``."""

    def make(
        name: str = "clip.mp4",
        *,
        frames: int = 20,
        fps: int = 10,
        codec: str = "mpeg4",
        size: tuple[int, int] = (64, 48),
    ) -> Path:
        path = tmp_path / name
        with av.open(str(path), "w") as container:
            stream = container.add_stream(codec, rate=fps)
            assert isinstance(stream, av.VideoStream)
            stream.width, stream.height = size
            stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
            for number in range(frames):
                pixels = np.full((size[1], size[0], 3), min(250, 10 + 8 * number), np.uint8)
                container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="bgr24")))
            container.mux(stream.encode())
        return path

    return make
