"""Motion JPEG over HTTP, as cameras send it and as FFmpeg wants it."""

from __future__ import annotations

import io
from typing import Any

import av
import numpy as np
import pytest

from hackai_camera.sources.base import Pace, SourceError
from hackai_camera.sources.web_video import WebVideo
from hackai_shared.config.cameras import PyavSource


def play(url: str, **options: Any) -> tuple[Pace, list[bytes], str]:
    """Return pace, JPEGs, and how it ended."""
    config = PyavSource.model_validate({"url": url, "open_timeout_s": 3, "read_timeout_s": 3, **options})
    source, jpegs = WebVideo(config, lambda _: None), []
    pace = source.open()
    try:
        for frame in source.frames():
            assert frame.media_s is None
            jpegs.append(frame.picture.encode(640, 85).jpeg)
    except SourceError as error:
        return pace, jpegs, str(error)
    finally:
        source.close()
    return pace, jpegs, ""


@pytest.mark.parametrize("how", ["no-first", "no-dashes", "octets"])
def test_pictures_are_found_whatever_stands_between_them(web_camera: Any, how: str) -> None:
    pace, jpegs, end = play(web_camera.url(f"/stream/{how}"))

    assert pace is Pace.LIVE
    assert len(jpegs) == 12
    assert jpegs[0] == web_camera.snapshot[2]
    assert end == "the stream ended"


def test_what_ffmpeg_understands_it_reads(web_camera: Any) -> None:
    pace, jpegs, end = play(web_camera.url("/stream/usual"))

    assert pace is Pace.LIVE
    assert len(jpegs) == 12
    assert len(web_camera.asked) == 1
    assert end


@pytest.mark.parametrize("path", ["/snapshot.jpg"])
def test_one_picture_is_no_stream_and_the_way_out_is_said(web_camera: Any, path: str) -> None:
    source = WebVideo(PyavSource.model_validate({"url": web_camera.url(path)}), lambda _: None)

    with pytest.raises(SourceError, match="one picture, not a stream: use type snapshot"):
        source.open()
    source.close()


def test_one_picture_without_a_length_is_no_stream_either(web_camera: Any) -> None:
    _, jpegs, end = play(web_camera.url("/stream/bare"))

    assert len(jpegs) == 1
    assert "use type snapshot" in end


def test_a_page_is_no_video(web_camera: Any) -> None:
    web_camera.snapshot = (200, "text/html", b"<html>" + b"log in " * 2000)
    source = WebVideo(PyavSource.model_validate({"url": web_camera.url("/login")}), lambda _: None)

    with pytest.raises(SourceError, match="answers text/html, which is no video"):
        source.open()
    source.close()


def test_a_file_on_the_web_has_its_times_and_ends(web_camera: Any) -> None:
    data = io.BytesIO()
    with av.open(data, "w", format="mp4", options={"moov_size": "16384"}) as container:
        stream = container.add_stream("mpeg4", rate=10)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for _ in range(5):
            frame = av.VideoFrame.from_ndarray(np.zeros((48, 64, 3), np.uint8), format="bgr24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    web_camera.snapshot = (200, "video/mp4", data.getvalue())
    source = WebVideo(PyavSource.model_validate({"url": web_camera.url("/clip.mp4"), "paced": False}), lambda _: None)

    assert source.open() is Pace.UNPACED
    assert [frame.media_s for frame in source.frames()] == pytest.approx([n / 10 for n in range(5)])
    source.close()
