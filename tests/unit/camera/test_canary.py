"""The known fire: what is shown, that the shipped model calls it fire, and who may order it."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from hackai_camera import canary
from hackai_camera.canary import Canary, KnownFire
from hackai_shared.bus import BusUnavailable, StreamEntry
from hackai_shared.config.canary import CanaryConfig
from hackai_shared.envelope import Frame
from hackai_shared.messages import Actor, Command, FrameHeader, utc_now
from hackai_shared.reserved import CANARY_CAMERA, DRILL_CAMERA
from hackai_shared.serving.classifier import Classifier
from hackai_shared.serving.package import open_package
from hackai_shared.serving.preprocessing import load_for
from hackai_shared.serving.session import OnnxRuntimeSession, choose_variant


class Bus:
    def __init__(self) -> None:
        self.frames: list[Frame] = []
        self.away = False
        self.came = asyncio.Event()

    async def publish_frame(self, header: FrameHeader, jpeg: bytes) -> int:
        if self.away:
            raise BusUnavailable("away")
        self.frames.append(Frame(header, jpeg))
        self.came.set()
        return 1


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sixty frames a second instead of eight, and no wait before the first."""
    monkeypatch.setattr(canary, "FPS", 60.0)
    monkeypatch.setattr(canary, "FIRE_S", 0.5)
    monkeypatch.setattr(canary, "FIRST_AFTER_S", 0.0)


def order(**changes: object) -> StreamEntry[Command]:
    command = Command.model_validate({"action": "drill", "actor": Actor(channel="cli", id="test"), **changes})
    return StreamEntry("1-0", command, {}, 1)


async def test_the_shipped_model_calls_it_fire_and_the_calm_room_none(root: Path) -> None:
    bus = Bus()
    await KnownFire(bus, calm_s=0.2).play(CANARY_CAMERA, asyncio.Event())
    package = open_package(root / "models/fire-classifier/1")
    classifier = Classifier(package, OnnxRuntimeSession(package, choose_variant(package, "onnxruntime")))
    spec = package.manifest.input

    fire = [
        classifier.classify([load_for(spec, frame.jpeg, max_pixels=10**7)])[0].probabilities["fire"]
        for frame in bus.frames
    ]

    assert len(fire) == 42
    assert min(fire[:30]) > 0.8
    assert max(fire[30:]) < 0.05


async def test_each_showing_goes_on_where_the_last_one_ended() -> None:
    bus = Bus()
    fire = KnownFire(bus, calm_s=0.1)

    assert await fire.play(CANARY_CAMERA, asyncio.Event())
    assert await fire.play(CANARY_CAMERA, asyncio.Event())

    headers = [frame.header for frame in bus.frames]
    assert [header.sequence for header in headers] == list(range(72))
    assert len({header.epoch for header in headers}) == 1
    times = [header.stream_s for header in headers]
    assert times == sorted(times)
    assert {header.camera_id for header in headers} == {"hackai-canary"}


async def test_what_did_not_go_out_is_not_said_to_be_sent() -> None:
    bus = Bus()
    bus.away = True
    stop = asyncio.Event()
    watch = Canary(KnownFire(bus, calm_s=0.1), CanaryConfig(every_s=20))
    task = asyncio.ensure_future(watch.run(stop))
    await asyncio.sleep(0.2)

    assert watch.details() == {"known_fires": {}}
    stop.set()
    await task


async def test_a_drill_is_shown_once_and_an_old_order_is_none() -> None:
    bus, stop = Bus(), asyncio.Event()
    watch = Canary(KnownFire(bus, calm_s=0.1), CanaryConfig(enabled=False))
    task = asyncio.ensure_future(watch.run_drills(stop))

    await watch.consume(order(at=utc_now() - timedelta(minutes=5)))
    await watch.consume(order(action="acknowledge"))
    await asyncio.sleep(0.1)
    assert bus.frames == []
    await watch.consume(order())
    await asyncio.wait_for(bus.came.wait(), 10)
    stop.set()
    await task

    assert bus.frames[0].header.camera_id == DRILL_CAMERA
