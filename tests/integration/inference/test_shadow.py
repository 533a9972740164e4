"""Shadow mode on live frames: a real service, a real server, two models that see orange differently."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, Callable

import httpx

import service_access
from hackai_shared.bus import Bus

SWAPPED = ["no_fire", "fire", "start_fire"]


async def test_a_candidate_is_compared_on_live_frames_and_its_disagreements_are_kept(
    service: Any, live: Any, bus: Bus, redis_url: str, make_package: Callable[..., Path], tmp_path: Path
) -> None:
    service.start(redis_url)
    make_package(tmp_path / "models", 2, classes=SWAPPED)  # after the start: the service would take the highest
    camera = live.FakeCamera(bus)
    while not await bus.client.pubsub_numpat():
        await asyncio.sleep(0.01)
    headers = service_access.HEADERS
    async with httpx.AsyncClient(base_url=service.url, headers=headers) as client:
        begun = await client.post("/v1/models/fire-classifier/versions/2/shadow", json={"share": 0.5})
        assert begun.status_code == 200, begun.text

        async def report() -> Any:
            return (await client.get("/v1/models/fire-classifier/shadow")).json()

        async def seen() -> bool:
            await camera.show("fire", 0.4)
            return (await report())["compared"] >= 3

        await live.until(seen)
        found = await report()
        sample = await client.get(f"/v1/models/fire-classifier/shadow/samples/{found['samples'][0]['id']}")

    assert found["disagreed"] == found["compared"]
    assert found["compared"] + found["passed_over"] <= 0.5 * camera.sequence
    assert sample.content == live.picture("fire")
    assert (found["active_version"], found["phase"]) == (1, "shadow")
