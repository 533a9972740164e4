"""The thread that reads a source."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
import pytest

from hackai_camera.pictures import EncodedPicture, PixelPicture
from hackai_camera.reader import Delivery, Reader
from hackai_camera.sources.base import Pace, SourceError, SourceFrame
from hackai_camera.stills import PictureError
from hackai_shared.clock import boot_id
from hackai_shared.config.cameras import CameraConfig

PICTURE = PixelPicture(np.zeros((48, 64, 3), np.uint8))


@dataclass
class Script:
    """A source that gives what a test says."""

    times: list[float | None]
    pace: Pace = Pace.UNPACED
    error: Exception | None = None
    picture: PixelPicture = PICTURE
    closed: threading.Event = field(default_factory=threading.Event)

    def open(self) -> Pace:
        return self.pace

    def frames(self) -> Iterator[SourceFrame]:
        for at in self.times:
            yield SourceFrame(self.picture, at)
        if self.error is not None:
            raise self.error

    def close(self) -> None:
        self.closed.set()


def make_reader(
    source: Script, deliver: Callable[[Reader, Delivery], None], bad: list[str] | None = None, fps: float = 10
) -> Reader:
    config = CameraConfig.model_validate({"source": {"type": "pattern"}, "fps": fps})
    return Reader(
        "front",
        config,
        source,
        started_s=time.monotonic(),
        deliver=deliver,
        on_bad=(bad if bad is not None else []).append,
    )


def read(source: Script, **options: object) -> tuple[Reader, list[Delivery]]:
    """Run a reader to its end."""
    deliveries: list[Delivery] = []
    reader = make_reader(source, lambda _, delivery: deliveries.append(delivery), **options)  # type: ignore[arg-type]
    reader.start()
    reader.outcome.result(10)
    return reader, deliveries


def test_frames_are_numbered_and_stamped() -> None:
    reader, deliveries = read(Script([n / 10 for n in range(5)]))

    headers = [delivery.frame.header for delivery in deliveries]
    assert [header.sequence for header in headers] == [0, 1, 2, 3, 4]
    assert [header.stream_s for header in headers] == [0.0, 0.1, 0.2, 0.3, 0.4]
    assert {(header.epoch, header.boot_id, header.width, header.height) for header in headers} == {
        (reader.epoch, boot_id(), 64, 48)
    }
    assert all(delivery.lossless for delivery in deliveries)
    assert deliveries[0].frame.jpeg.startswith(b"\xff\xd8")


def test_a_fast_source_is_thinned_before_it_is_encoded() -> None:
    _, deliveries = read(Script([n / 50 for n in range(100)]), fps=10)

    times = [delivery.frame.header.stream_s for delivery in deliveries]
    assert times == pytest.approx([n / 10 for n in range(21)], abs=0.031)


def test_a_live_source_runs_on_the_clock_of_the_camera() -> None:
    _, deliveries = read(Script([None], Pace.LIVE))

    header = deliveries[0].frame.header
    assert 0 <= header.stream_s < 10
    assert not deliveries[0].lossless


def test_real_time_waits_until_each_frame_is_due() -> None:
    _, deliveries = read(Script([0.0, 0.1, 0.2], Pace.REAL_TIME))

    captured = [delivery.frame.header.monotonic_s for delivery in deliveries]
    assert captured[2] - captured[0] >= 0.19


def test_waiting_on_purpose_is_no_silence() -> None:
    first = threading.Event()
    reader = make_reader(Script([0.0, 60.0], Pace.REAL_TIME), lambda *_: first.set())
    reader.start()
    assert first.wait(10)
    deadline = time.monotonic() + 10
    while reader.silent_s(time.monotonic()) > -30 and time.monotonic() < deadline:
        threading.Event().wait(0.005)

    assert reader.silent_s(time.monotonic()) < -30
    reader.stop()
    reader.outcome.result(10)


def test_the_error_of_a_source_is_the_outcome_and_it_is_closed() -> None:
    source = Script([0.0], error=SourceError("unplugged"))
    reader = make_reader(source, lambda *_: None)
    reader.start()

    with pytest.raises(SourceError, match="unplugged"):
        reader.outcome.result(10)
    assert source.closed.is_set()


def test_a_defect_is_the_outcome_too() -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("a defect")

    reader = make_reader(Script([0.0]), broken)
    reader.start()

    with pytest.raises(ZeroDivisionError):
        reader.outcome.result(10)


def test_a_picture_that_cannot_be_encoded_is_told_and_skipped() -> None:
    class Damaged(PixelPicture):
        def encode(self, max_width: int, quality: int) -> EncodedPicture:
            raise PictureError("damaged")

    bad: list[str] = []
    reader, deliveries = read(Script([0.0, 0.1], picture=Damaged(PICTURE.pixels)), bad=bad)

    assert deliveries == []
    assert reader.sequence == 0
    assert bad == ["damaged", "damaged"]


def test_a_stopped_reader_delivers_nothing_more() -> None:
    deliveries: list[Delivery] = []

    def deliver(reader: Reader, delivery: Delivery) -> None:
        deliveries.append(delivery)
        reader.stop()

    reader = make_reader(Script([0.0, 0.1, 0.2]), deliver)
    reader.start()
    reader.outcome.result(10)

    assert len(deliveries) == 1
