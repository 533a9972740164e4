"""The life of a camera, with sources that do what a test says and a bus that remembers."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
import pytest

from hackai_camera import supervisor
from hackai_camera.camera import Camera, Limits
from hackai_camera.clip_range import NotBuffered, TooEarly
from hackai_camera.metrics import CameraMetrics
from hackai_camera.pictures import PixelPicture
from hackai_camera.sources.base import FrameSource, OnBad, Pace, SourceError, SourceFrame
from hackai_shared.bus import BusUnavailable
from hackai_shared.config.cameras import CameraConfig
from hackai_shared.envelope import Frame
from hackai_shared.messages import FrameHeader
from hackai_shared.metrics import Metrics

PICTURE = PixelPicture(np.zeros((48, 64, 3), np.uint8))
Play = Callable[[], Iterator[SourceFrame]]


class Bus:
    """Keeps what is published; can be away."""

    def __init__(self) -> None:
        self.frames: list[Frame] = []
        self.away = False

    async def publish_frame(self, header: FrameHeader, jpeg: bytes) -> int:
        if self.away:
            raise BusUnavailable("away")
        self.frames.append(Frame(header, jpeg))
        return 1


class Source:
    """Plays a function."""

    def __init__(self, play: Play, pace: Pace) -> None:
        self._play = play
        self._pace = pace

    def open(self) -> Pace:
        return self._pace

    def frames(self) -> Iterator[SourceFrame]:
        return self._play()

    def close(self) -> None:
        return


class World:
    """A camera and what it meets; each start of the source takes the next play."""

    def __init__(self, plays: list[Play], pace: Pace = Pace.UNPACED, *, may_end: bool = True, **options: Any) -> None:
        self.bus = Bus()
        self.stop = asyncio.Event()
        self._plays = iter(plays)
        self._pace = pace
        config = CameraConfig.model_validate({"source": {"type": "pattern"}, **options})
        self.metrics = Metrics("camera")
        self.camera = Camera(
            "front",
            config,
            self.bus,
            CameraMetrics(self.metrics),
            limits=Limits(),
            may_end=may_end,
            source_factory=self._source,
        )

    def _source(self, _config: CameraConfig, _on_bad: OnBad) -> FrameSource:
        return Source(next(self._plays), self._pace)

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(20):
            while not condition():
                await asyncio.sleep(0.005)

    async def until_state(self, state: str) -> None:
        await self.until(lambda: self.camera.status().state == state)


@asynccontextmanager
async def running(world: World) -> AsyncIterator[World]:
    task = asyncio.ensure_future(world.camera.run(world.stop))
    try:
        yield world
    finally:
        world.stop.set()
        await asyncio.wait_for(task, 10)


def frames(count: int, error: Exception | None = None, live: bool = False) -> Play:
    def play() -> Iterator[SourceFrame]:
        for number in range(count):
            yield SourceFrame(PICTURE, None if live else number / 10)
        if error is not None:
            raise error

    return play


def then_hang(count: int, release: threading.Event, live: bool = True) -> Play:
    def play() -> Iterator[SourceFrame]:
        yield from frames(count, live=live)()
        release.wait(30)

    return play


@pytest.fixture
def release() -> Iterator[threading.Event]:
    """Lets hanging threads go at the end."""
    event = threading.Event()
    yield event
    event.set()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look and retry often: what is tested is what happens, not how long it takes."""
    monkeypatch.setattr(supervisor, "CHECK_S", 0.02)
    monkeypatch.setattr(supervisor, "LEAVE_S", 0.05)
    monkeypatch.setattr("hackai_camera.backoff.Backoff.failed", lambda *_: 0.01)


async def test_a_source_that_ends_is_published_whole_and_its_count_is_final() -> None:
    async with running(World([frames(100)])) as world:
        await world.until_state("ended")
        status = world.camera.status()

        assert status.frames == 100
        assert [frame.header.sequence for frame in world.bus.frames] == list(range(100))
        assert {frame.header.epoch for frame in world.bus.frames} == {status.epoch}
        assert status.dropped == 0
        assert status.error is None
        assert world.camera.check().ok
        assert [frame.header.stream_s for frame in world.camera.clip_frames(2.0, 99.0, None)][:2] == [2.0, 2.1]


async def test_where_sources_may_not_end_an_ended_file_is_a_camera_that_is_offline() -> None:
    async with running(World([frames(5)], may_end=False, stale_after_s=0.2)) as world:
        await world.until_state("offline")
        status = world.camera.status()

        assert status.frames == 5
        assert status.reconnects == 0
        assert "loop: true" in (status.error or "")
        await world.until(lambda: not world.camera.check().ok)


async def test_where_sources_may_not_end_an_answer_that_ends_is_asked_for_again() -> None:
    plays = [frames(3), frames(3), frames(3, SourceError("unplugged"))]
    source = {"type": "pyav", "url": "http://cam/clip"}
    async with running(World([*plays, *[frames(1)] * 1000], may_end=False, source=source)) as world:
        await world.until(lambda: world.camera.status().reconnects >= 3)

        assert len({frame.header.epoch for frame in world.bus.frames}) >= 3
        assert world.camera.status().state != "ended"


async def test_without_a_bus_capture_goes_on_and_comes_back_by_itself() -> None:
    world = World([])
    world.bus.away = True
    gate = threading.Event()

    def play() -> Iterator[SourceFrame]:
        for number in range(20):
            yield SourceFrame(PICTURE, number / 10)
        gate.wait(20)
        for number in range(20, 30):
            yield SourceFrame(PICTURE, number / 10)

    world._plays = iter([play])
    async with running(world):
        await world.until(lambda: world.camera.status().dropped == 20)
        assert world.camera.status().state == "running"
        assert len(world.camera.ring) == 20
        world.bus.away = False
        gate.set()
        await world.until_state("ended")

        assert [frame.header.sequence for frame in world.bus.frames] == list(range(20, 30))
        assert world.camera.status().frames == 30


async def test_a_failed_source_is_opened_anew_with_a_new_epoch() -> None:
    async with running(World([frames(3, SourceError("unplugged")), frames(2)])) as world:
        await world.until_state("ended")
        epochs = list(dict.fromkeys(frame.header.epoch for frame in world.bus.frames))

        assert len(epochs) == 2
        assert world.camera.status().epoch == epochs[1]
        assert world.camera.status().frames == 2
        assert world.camera.status().reconnects == 1


async def test_credentials_in_an_error_are_not_shown() -> None:
    error = SourceError("cannot open rtsp://root:geheim@10.0.0.1/live")
    async with running(World([frames(0, error)] * 1000)) as world:
        await world.until_state("offline")

        assert world.camera.status().error == "cannot open rtsp://***@10.0.0.1/live"
        assert "geheim" not in world.camera.check().detail


async def test_a_hanging_source_is_left_behind_and_opened_anew(release: threading.Event) -> None:
    plays = [then_hang(3, release), then_hang(1, release), frames(5, live=True)]
    async with running(World(plays, Pace.LIVE, stale_after_s=0.1, fps=60)) as world:
        seen: set[str] = set()

        def ended() -> bool:
            seen.add(world.camera.status().state)
            return world.camera.status().state == "ended"

        await world.until(ended)

        assert "stalled" in seen
        assert world.camera.status().reconnects == 2
        release.set()  # those left behind come back, and are ignored
        assert world.camera.status().epoch == world.bus.frames[-1].header.epoch


async def test_a_source_that_always_hangs_does_not_pile_up_threads(release: threading.Event) -> None:
    opened = 0

    def play() -> Iterator[SourceFrame]:
        nonlocal opened
        opened += 1
        return then_hang(0, release)()

    async with running(World([play] * 1000, Pace.LIVE, stale_after_s=0.03)) as world:
        await world.until(lambda: "attempts hang" in (world.camera.status().error or ""))
        before = opened
        await asyncio.sleep(0.2)

        assert opened == before == supervisor.MAX_LEFT_BEHIND
        assert not world.camera.check().ok
        release.set()
        await world.until(lambda: opened > before)


async def test_stopping_is_quick_even_if_the_source_hangs(release: threading.Event) -> None:
    world = World([then_hang(1, release)], Pace.LIVE, stale_after_s=60)
    task = asyncio.ensure_future(world.camera.run(world.stop))
    await world.until_state("running")

    world.stop.set()

    await asyncio.wait_for(task, 2)


async def test_a_defect_in_the_code_ends_the_run_with_that_error() -> None:
    world = World([frames(1, ZeroDivisionError("a defect"))])

    with pytest.raises(ExceptionGroup) as caught:
        await asyncio.wait_for(world.camera.run(world.stop), 10)

    assert caught.group_contains(ZeroDivisionError)
    world.camera.failed(caught.value)
    assert world.camera.status().state == "offline"
    assert world.camera.status().error == "internal error: ZeroDivisionError"


async def test_readiness_is_about_the_age_of_the_last_frame(release: threading.Event) -> None:
    plays = [then_hang(1, release), *[then_hang(0, release)] * 10]
    async with running(World(plays, Pace.LIVE, stale_after_s=0.2)) as world:
        await world.until_state("running")
        assert world.camera.check().ok

        await world.until(lambda: not world.camera.check().ok)

        assert "last frame" in world.camera.check().detail
        await world.until_state("stalled")


async def test_a_camera_that_never_gave_a_frame_has_a_grace_and_then_fails() -> None:
    async with running(World([frames(0, SourceError("refused"))] * 10_000, stale_after_s=0.3)) as world:
        assert world.camera.check().ok
        await world.until(lambda: not world.camera.check().ok)

        assert "no frame yet" in world.camera.check().detail
        assert "refused" in world.camera.check().detail


async def test_a_clip_of_the_future_is_too_early_until_the_camera_ends(release: threading.Event) -> None:
    async with running(World([then_hang(10, release, live=False)])) as world:
        await world.until(lambda: world.camera.status().frames == 10)

        with pytest.raises(TooEarly):
            world.camera.clip_frames(0.0, 5.0, None)
        with pytest.raises(TooEarly):
            world.camera.clip_frames(0.0, 5.0, world.camera.status().epoch)
        with pytest.raises(NotBuffered):
            world.camera.clip_frames(0.0, 5.0, "f" * 32)
        assert len(world.camera.clip_frames(0.2, 0.5, None)) == 4
        release.set()
        await world.until_state("ended")

        assert len(world.camera.clip_frames(0.0, 5.0, None)) == 10


async def test_a_live_clip_spans_a_reconnect() -> None:
    plays = [frames(1, SourceError("unplugged"), live=True), frames(1, live=True)]
    async with running(World(plays, Pace.LIVE)) as world:
        await world.until_state("ended")
        first, second = (frame.header for frame in world.bus.frames)

        assert first.epoch != second.epoch
        assert first.stream_s < second.stream_s
        assert len(world.camera.clip_frames(0.0, second.stream_s, None)) == 2
        assert len(world.camera.clip_frames(0.0, second.stream_s, first.epoch)) == 1


async def test_the_metrics_know_the_camera() -> None:
    async with running(World([frames(7)])) as world:
        await world.until_state("ended")
        world.camera.observe()
        value = world.metrics.registry.get_sample_value

        assert value("hackai_camera_frames_total", {"camera": "front"}) == 7
        assert value("hackai_camera_encode_seconds_count", {"camera": "front"}) == 7
        assert value("hackai_camera_publish_age_seconds_count", {"camera": "front"}) == 7
        assert value("hackai_camera_buffer_bytes", {"camera": "front"}) == world.camera.ring.bytes
