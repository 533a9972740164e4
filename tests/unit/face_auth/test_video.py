"""Frames of a short video."""

from __future__ import annotations

import io

import av
import numpy as np
import pytest

from hackai_face_auth.engine.video import is_video, sample_frames
from hackai_shared.serving.decoding import ImageError


def film(frames: int, *, fps: int = 24, width: int = 64, height: int = 48) -> bytes:
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=fps)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for number in range(frames):
            picture = np.full((height, width, 3), number * 2 % 256, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")))
        container.mux(stream.encode(None))
    return out.getvalue()


def test_frames_come_in_order_at_eight_per_second() -> None:
    data = film(72)
    assert is_video(data)
    frames = sample_frames(data, most=100)
    assert len(frames) == 24
    levels = [float(frame.picture.mean()) for frame in frames]
    assert levels == sorted(levels)
    assert [round(frame.at_s, 3) for frame in frames[:4]] == [0.0, 0.125, 0.25, 0.375]


def test_a_longer_film_is_seen_to_its_end_with_fewer_pictures_a_second() -> None:
    frames = sample_frames(film(72), most=18)
    assert len(frames) <= 18
    assert frames[-1].at_s > 2.5


def test_no_more_than_wanted() -> None:
    assert len(sample_frames(film(72), most=5)) == 5


def test_large_pictures_are_shrunk_and_huge_ones_refused() -> None:
    assert max(sample_frames(film(2, width=1280, height=720), most=1)[0].picture.shape) == 720
    with pytest.raises(ImageError, match="larger than"):
        sample_frames(film(2, width=2048, height=64), most=1)


@pytest.mark.parametrize("data", [b"", b"....ftypisom", b"....ftyp" + bytes(1000), film(10)[:300]])
def test_what_is_no_video(data: bytes) -> None:
    with pytest.raises(ImageError):
        sample_frames(data, most=10)


def test_pictures_are_no_videos() -> None:
    assert not is_video(b"\xff\xd8\xff\xe0\x00\x10JFIF")
    assert not is_video(b"")
