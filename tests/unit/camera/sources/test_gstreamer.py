"""The pipelines that are built, and a real gst-launch-1.0 where it is installed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np
import pytest
from pydantic import ValidationError

from hackai_camera.sources.base import Pace, SourceError
from hackai_camera.sources.gstreamer import Gstreamer, pipeline
from hackai_shared.config.cameras import GstreamerSource

needs_gstreamer = pytest.mark.skipif(
    shutil.which("gst-launch-1.0") is None,
    reason="gst-launch-1.0 is not installed (apt-get install gstreamer1.0-tools gstreamer1.0-plugins-base)",
)


def test_a_csi_camera_goes_through_argus_and_the_video_converter() -> None:
    text = " ".join(pipeline(GstreamerSource(csi=1, flip=2, width=1920, height=1080)))

    assert text == (
        "nvarguscamerasrc sensor-id=1 ! "
        "video/x-raw(memory:NVMM),format=NV12,width=1920,height=1080,framerate=30/1 ! "
        "nvvidconv flip-method=2 ! video/x-raw,format=BGRx,width=1920,height=1080 ! videoconvert ! "
        "video/x-raw,format=BGR,width=1920,height=1080 ! fdsink fd=1 sync=false"
    )


def test_a_network_camera_is_decoded_by_the_hardware() -> None:
    arguments = pipeline(GstreamerSource.model_validate({"url": "rtsp://u:p w@cam/a b", "codec": "h265"}))

    assert "location=rtsp://u:p w@cam/a b" in arguments  # one argument, whatever is in it
    assert ["rtspsrc", "rtph265depay", "h265parse", "nvv4l2decoder", "nvvidconv"][1:] == [
        name for name in arguments if name in {"rtph265depay", "h265parse", "nvv4l2decoder", "nvvidconv"}
    ]


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({}, "exactly one"),
        ({"csi": 0, "pipeline": "videotestsrc"}, "exactly one"),
        ({"csi": 0, "width": 1278}, "multiple of 4"),
    ],
)
def test_what_cannot_be_is_refused(given: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        GstreamerSource.model_validate(given)


@pytest.fixture
def opened() -> Iterator[Any]:
    """Open a source; it is closed at the end of the test."""
    sources: list[Gstreamer] = []

    def open_(text: str, **options: Any) -> tuple[Gstreamer, Pace]:
        size = {"width": 96, "height": 64}
        source = Gstreamer(GstreamerSource.model_validate({"pipeline": text, **size, **options}))
        sources.append(source)
        return source, source.open()

    yield open_
    for source in sources:
        source.close()


@needs_gstreamer
def test_real_frames_arrive_as_they_were_drawn(opened: Any) -> None:
    source, pace = opened("videotestsrc pattern=red num-buffers=30 is-live=true")

    frames = source.frames()
    first, second = next(frames), next(frames)

    assert pace is Pace.LIVE
    assert first.media_s is None
    assert first.picture.pixels.shape == (64, 96, 3)
    np.testing.assert_allclose(first.picture.pixels.reshape(-1, 3).mean(axis=0), (0, 0, 255), atol=6)  # BGR
    jpeg = second.picture.encode(max_width=1280, quality=85)
    assert cv2.imdecode(np.frombuffer(jpeg.jpeg, np.uint8), cv2.IMREAD_COLOR).shape == (64, 96, 3)


@needs_gstreamer
def test_rows_are_where_they_belong(opened: Any) -> None:
    source, _ = opened("videotestsrc pattern=gradient num-buffers=3", width=68, height=66)

    pixels = next(source.frames()).picture.pixels

    assert np.ptp(pixels, axis=1).max() <= 2  # each row has one colour
    assert pixels[-1].mean() - pixels[0].mean() > 150


@needs_gstreamer
def test_a_pipeline_that_ends_is_an_error_of_the_source(opened: Any) -> None:
    source, _ = opened("videotestsrc num-buffers=3")
    frames = source.frames()
    shown = [next(frames) for _ in range(3)]

    with pytest.raises(SourceError, match="the pipeline ended"):
        next(frames)
    assert len(shown) == 3


@needs_gstreamer
def test_an_element_that_is_missing_is_named(opened: Any) -> None:
    with pytest.raises(SourceError, match='no element "nvarguscamerasrc"'):
        opened("nvarguscamerasrc sensor-id=0")


@needs_gstreamer
def test_a_pipeline_that_gives_nothing_is_given_up_and_ended(opened: Any) -> None:
    with pytest.raises(SourceError, match=r"no frame within 0\.3 s"):
        opened("appsrc format=time caps=video/x-raw,format=BGR,width=96,height=64,framerate=1/1", open_timeout_s=0.3)


@needs_gstreamer
def test_a_camera_that_falls_silent_is_noticed(opened: Any) -> None:
    source, _ = opened("videotestsrc is-live=true ! video/x-raw,framerate=1/5", read_timeout_s=0.2)
    frames = source.frames()
    next(frames)

    with pytest.raises(SourceError, match=r"no frame within 0\.2 s"):
        next(frames)


@needs_gstreamer
def test_closing_ends_the_process_and_closing_twice_is_nothing(opened: Any) -> None:
    source, _ = opened("videotestsrc is-live=true")
    process = source._process

    source.close()
    source.close()

    assert process.poll() is not None


def test_without_gstreamer_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(SourceError, match=r"apt-get install gstreamer1\.0-tools"):
        Gstreamer(GstreamerSource(csi=0)).open()
