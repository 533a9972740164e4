"""Frames and opinions from a real bus to viewers, and the stream that a browser reads."""

from __future__ import annotations

import asyncio
import json
import struct
from typing import Any

import pytest
from tests.unit.dashboard.conftest import House

from hackai_dashboard.feed import MAX_VIEWERS, LiveFeed, TooManyViewers, Viewer
from hackai_dashboard.stream import parts
from hackai_shared.bus import Bus, names
from hackai_shared.clock import boot_id
from hackai_shared.envelope import Frame
from hackai_shared.messages import FrameDetections, FrameHeader, ModelRef, StageTimings, utc_now


def header(sequence: int, camera: str = "front") -> FrameHeader:
    return FrameHeader(
        camera_id=camera, epoch="e" * 32, sequence=sequence, captured_at=utc_now(), stream_s=float(sequence),
        monotonic_s=0.0, boot_id=boot_id(), width=64, height=36,
    )  # fmt: skip


def opinion(sequence: int) -> FrameDetections:
    return FrameDetections(
        frame=header(sequence).ref(),
        model=ModelRef(name="m", version=1, variant="int8"),
        label="fire",
        probabilities={"fire": 0.7, "start_fire": 0.2, "no_fire": 0.1},
        state="confirmed",
        evidence=2.0,
        dropped=0,
        timings=StageTimings(decode_ms=1, infer_ms=2, total_ms=3, age_ms=4),
    )


async def until(condition: Any) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.01)


def cut(data: bytes) -> tuple[dict[str, Any], bytes]:
    (length,) = struct.unpack_from(">I", data)
    head = json.loads(data[4 : 4 + length])
    assert len(data) == 4 + length + head["jpeg"]
    return head, data[4 + length :]


async def test_the_newest_frame_wins_and_nobody_reads_without_viewers(bus: Bus) -> None:
    feed = LiveFeed(bus)
    with feed.watch(None) as viewer:
        while await bus.publish_frame(header(1), b"one") == 0:
            await asyncio.sleep(0.01)
        await bus.publish_frame(header(2), b"two")
        await bus.publish(names.detections("front"), opinion(2))
        await until(lambda: viewer._shots and viewer._shots["front"].detections is not None)
        (shot,) = viewer.take()
        assert shot.frame.jpeg == b"two"
        assert shot.detections is not None
        assert viewer.take() == []
        assert viewer.skipped >= 1
    assert feed.viewers == 0
    await asyncio.sleep(0)
    async with asyncio.timeout(10):
        while await bus.publish_frame(header(3), b"three"):
            await asyncio.sleep(0.01)


async def test_viewers_choose_cameras_and_damaged_messages_are_passed_over(bus: Bus) -> None:
    feed = LiveFeed(bus)
    with feed.watch(frozenset({"front"})) as viewer:
        while await bus.client.publish(names.frames("front"), b"nonsense") == 0:
            await asyncio.sleep(0.01)
        await bus.publish_frame(header(1, "kitchen"), b"kitchen")
        await bus.publish_frame(header(1), b"front")
        await until(lambda: viewer._shots)
        assert [shot.frame.header.camera_id for shot in viewer.take()] == ["front"]
    await feed.close()


async def test_places_are_bounded(bus: Bus) -> None:
    feed = LiveFeed(bus)
    feed._viewers = {Viewer(None) for _ in range(MAX_VIEWERS)}
    with pytest.raises(TooManyViewers), feed.watch(None):
        pass


async def test_the_stream_tells_frames_and_opinions_and_ends_with_the_session() -> None:
    viewer = Viewer(None)
    viewer.put_detections(opinion(1))
    viewer.put_frame(Frame(header(1), b"jpeg"))
    viewer.incidents_changed = True
    holding = iter([True, False])
    told = [cut(part) async for part in parts(viewer, fps=100, holds=lambda: next(holding))]
    assert [head["type"] for head, _ in told] == ["frame", "incidents", "heartbeat", "end"]
    head, jpeg = told[0]
    assert jpeg == b"jpeg"
    assert head["says"]["danger"] == 0.9
    assert head["says"]["danger_text"] == "90 %"
    assert head["judged_s"] < 5
    assert head["says"]["evidence"] == 1.0


async def test_who_finds_no_place_is_told_so(house: House) -> None:
    house.log_in()
    house.site.feed._viewers = {Viewer(None) for _ in range(MAX_VIEWERS)}
    assert (await house.http.get("/live/stream")).status_code == 429


async def test_a_frame_that_nobody_judges_says_nothing_of_an_earlier_opinion() -> None:
    viewer = Viewer(None)
    viewer.put_detections(opinion(1))
    viewer._judged_at["front"] -= 11.0
    viewer.put_frame(Frame(header(2), b"jpeg"))
    holding = iter([True, False])
    told = [cut(part) async for part in parts(viewer, fps=100, holds=lambda: next(holding))]
    head, _ = told[0]
    assert head["says"] is None
    assert head["judged_s"] >= 11.0
