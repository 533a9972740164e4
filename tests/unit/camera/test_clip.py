"""The MP4 of a clip."""

from __future__ import annotations

import io
from typing import Any

import av
import pytest

from hackai_camera.clip import ClipError, clip_codec, encode_clip


def read(video: bytes) -> tuple[Any, list[av.VideoFrame]]:
    container = av.open(io.BytesIO(video), "r")
    return container.streams.video[0], list(container.decode(video=0))


def test_frames_keep_their_true_times(make_frame: Any) -> None:
    times = [10.0, 10.1, 10.25, 11.9, 12.0]

    stream, frames = read(encode_clip([make_frame(at) for at in times]))

    assert [frame.time for frame in frames] == pytest.approx([at - 10.0 for at in times], abs=1e-4)
    assert stream.codec_context.pix_fmt == "yuv420p"
    assert stream.codec_context.name == ("mpeg4" if clip_codec() == "mpeg4" else "h264")


def test_the_index_stands_in_front_so_that_it_plays_while_it_loads(make_frame: Any) -> None:
    video = encode_clip([make_frame(n / 10) for n in range(30)])

    assert 0 < video.find(b"moov") < video.find(b"mdat")


def test_a_long_clip_fits_its_reserved_index(make_frame: Any) -> None:
    jpeg = make_frame(0.0).jpeg
    frames = [make_frame(n / 60 + (n % 3) / 1000, jpeg=jpeg) for n in range(60 * 30)]

    _, decoded = read(encode_clip(frames))

    assert len(decoded) == len(frames)


@pytest.mark.parametrize(("width", "height"), [(65, 49), (1921, 1081), (33, 200)])
def test_odd_and_large_sizes_are_fitted(make_frame: Any, width: int, height: int) -> None:
    _, frames = read(encode_clip([make_frame(0.0, width=width, height=height)]))

    assert frames[0].width % 2 == 0
    assert frames[0].height % 2 == 0
    assert frames[0].width <= 1280
    assert frames[0].width / frames[0].height == pytest.approx(width / height, rel=0.05)


def test_a_camera_that_changes_its_size_still_gives_one_clip(make_frame: Any) -> None:
    frames = [make_frame(0.0), make_frame(0.1, width=128, height=96), make_frame(0.2, width=32, height=24)]

    _, decoded = read(encode_clip(frames))

    assert [(frame.width, frame.height) for frame in decoded] == [(64, 48)] * 3


def test_damaged_frames_are_left_out(make_frame: Any) -> None:
    frames = [make_frame(0.0), make_frame(0.1, jpeg=b"not a picture"), make_frame(0.2)]

    _, decoded = read(encode_clip(frames))

    assert [frame.time for frame in decoded] == pytest.approx([0.0, 0.2], abs=1e-4)


def test_without_one_good_frame_there_is_no_clip(make_frame: Any) -> None:
    with pytest.raises(ClipError, match="none of the frames"):
        encode_clip([make_frame(0.0, jpeg=b"not a picture")])


def test_equal_times_do_not_break_it(make_frame: Any) -> None:
    _, decoded = read(encode_clip([make_frame(1.0), make_frame(1.0), make_frame(0.9)]))

    assert len(decoded) == 3


def test_it_can_be_cancelled(make_frame: Any) -> None:
    with pytest.raises(ClipError, match="cancelled"):
        encode_clip([make_frame(0.0)], cancelled=lambda: True)
