"""Real clips through the real service."""

from __future__ import annotations

import asyncio
import io
import json
from pathlib import Path
from typing import Any

import av
import pytest

from hackai_shared.bus import Bus, names
from hackai_shared.envelope import Frame, unpack_frame

pytestmark = pytest.mark.real_data
CLIPS = (
    "hackai_fire1.mp4",
    "outdoor_barrel_fire_start.mp4",
    "kitchen_sink_fire.mp4",
    "nofire_car_street.mp4",
    "smoke_campfire_6fps.mp4",
    "torch_fire_dark.mp4",
    "visifire_video02.gif",
)


@pytest.mark.parametrize("file", CLIPS)
async def test_every_tenth_of_a_second_is_published_with_its_media_time(
    shared_data: Path, start_service: Any, bus: Bus, file: str
) -> None:
    folder = shared_data / "data" / "video"
    clip = next(clip for clip in json.loads((folder / "clips.json").read_text()) if clip["file"] == file)
    frames: list[Frame] = []

    async def collect() -> None:
        async for _, payload in bus.subscribe(names.frames("clip")):
            frames.append(unpack_frame(payload))

    task = asyncio.ensure_future(collect())
    source = {"type": "pyav", "url": str(folder / file), "paced": False}
    service = await start_service({"clip": {"source": source, "buffer_seconds": 60}})
    status = await service.until("clip", lambda status: status["state"] == "ended")
    async with asyncio.timeout(10):
        while not frames or frames[-1].header.sequence < status["frames"] - 1:
            await asyncio.sleep(0.02)
    task.cancel()

    with av.open(str(folder / file)) as container:
        seconds = float((container.duration or 0) / av.time_base)
    assert status["dropped"] == 0
    assert status["frames"] == pytest.approx(min(10.0, clip["fps"]) * seconds, rel=0.06)
    assert (status["width"], status["height"]) == (clip["width"], clip["height"])
    times = [frame.header.stream_s for frame in frames]
    assert times == sorted(times)
    assert times[-1] == pytest.approx(seconds, abs=max(0.2, 0.06 * seconds))

    answer = await service.http.get("/v1/cameras/clip/clip.mp4", params={"from": 2.0, "to": 6.0})
    assert answer.status_code == 200, answer.text
    published = [at for at in times if 2.0 <= at <= 6.0]
    shown = [float(frame.time) for frame in av.open(io.BytesIO(answer.content), "r").decode(video=0)]
    assert shown == pytest.approx([at - float(answer.headers["x-clip-from"]) for at in published], abs=2e-3)
    assert len(answer.content) < 3_000_000
