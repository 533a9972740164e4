"""Which configuration gives which source, and what people read about it."""

from __future__ import annotations

from typing import Any

import pytest

from hackai_camera.sources import describe_source, make_source
from hackai_camera.sources.gstreamer import Gstreamer
from hackai_camera.sources.images import ImageFolder
from hackai_camera.sources.pattern import Pattern
from hackai_camera.sources.pyav import Video
from hackai_shared.config.cameras import CameraConfig


@pytest.mark.parametrize(
    ("source", "kind", "shown"),
    [
        ({"type": "pattern", "pattern": "fire"}, Pattern, "pattern fire"),
        ({"type": "images", "folder": "pictures"}, ImageFolder, "images pictures"),
        ({"type": "gstreamer", "csi": 1}, Gstreamer, "CSI camera 1"),
        ({"type": "gstreamer", "url": "rtsp://root:geheim@cam/live"}, Gstreamer, "rtsp://***@cam/live"),
        (
            {"type": "gstreamer", "pipeline": "rtspsrc location=rtsp://a:b@cam/x ! decodebin"},
            Gstreamer,
            "gstreamer rtspsrc location=rtsp://***@cam/x ! decodebin",
        ),
        ({"type": "pyav", "url": "rtsp://root:geheim@cam/live?token=abc"}, Video, "rtsp://***@cam/live?token=***"),
    ],
)
def test_source(source: dict[str, Any], kind: type, shown: str) -> None:
    config = CameraConfig.model_validate({"source": source})

    assert isinstance(make_source(config, lambda _: None), kind)
    assert describe_source(config) == shown
