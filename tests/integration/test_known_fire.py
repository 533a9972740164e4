"""The known fire of the canary through the shipped model and the confirmation: told as a canary, and over in time."""

from __future__ import annotations

import asyncio
from itertools import count
from pathlib import Path

import pytest

from hackai_camera import canary
from hackai_camera.canary import KnownFire
from hackai_inference.live.camera_pipeline import CameraPipeline
from hackai_inference.models.judgement import judge
from hackai_inference.models.registry import ActiveModel
from hackai_shared.config.detection import InferenceConfig
from hackai_shared.envelope import Frame
from hackai_shared.messages import FrameHeader, ModelRef, utc_now
from hackai_shared.reserved import CANARY_CAMERA, DRILL_CAMERA
from hackai_shared.serving.classifier import Classifier
from hackai_shared.serving.package import open_package
from hackai_shared.serving.session import OnnxRuntimeSession, choose_variant

CALM_S = 6.0


class Bus:
    def __init__(self) -> None:
        self.frames: list[Frame] = []

    async def publish_frame(self, header: FrameHeader, jpeg: bytes) -> int:
        self.frames.append(Frame(header, jpeg))
        return 1


async def at_once(_stop: asyncio.Event, _seconds: float) -> bool:
    return False


@pytest.mark.parametrize(("camera_id", "kind"), [(CANARY_CAMERA, "canary"), (DRILL_CAMERA, "drill")])
async def test_twice_in_a_row(root: Path, monkeypatch: pytest.MonkeyPatch, camera_id: str, kind: str) -> None:
    monkeypatch.setattr(canary, "_wait", at_once)
    bus = Bus()
    fire = KnownFire(bus, calm_s=CALM_S)
    for _ in range(2):  # the second one needs an incident of its own
        await fire.play(camera_id, asyncio.Event())
    package = open_package(root / "models/fire-classifier/1")
    variant = choose_variant(package, "onnxruntime")
    classifier = Classifier(package, OnnxRuntimeSession(package, variant))
    model = ActiveModel(classifier, ModelRef(name="fire-classifier", version=1, variant=variant), "onnxruntime", "cpu")
    ids = count()
    lane = CameraPipeline(camera_id, camera_id, InferenceConfig(), new_id=lambda: f"id{next(ids)}")

    events = []
    for number, frame in enumerate(bus.frames):
        ref = frame.header.ref().model_copy(update={"stream_s": number / canary.FPS})  # as if it had been played
        judgement = judge(model, frame.jpeg, max_pixels=10**7)
        size = {"width": frame.header.width, "height": frame.header.height}
        events += [(number, event) for event in lane.judge(ref, judgement, utc_now(), **size).events]

    steps = [(event.kind, event.change) for _, event in events if event.change in ("opened", "cleared")]
    opened = [number / canary.FPS for number, event in events if event.change == "opened"]
    assert steps == [(kind, "opened"), (kind, "cleared")] * 2
    assert opened[0] < canary.FIRE_S / 2
