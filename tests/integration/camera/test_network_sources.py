"""Cameras on a network misbehave; the one beside them does not notice."""

from __future__ import annotations

import asyncio
from typing import Any

from hackai_shared.bus import Bus, names
from hackai_shared.envelope import unpack_frame

HEALTHY = {"source": {"type": "pattern", "pattern": "room"}}


def network(url: str, **options: Any) -> dict[str, Any]:
    source = {"type": "pyav", "url": url, "open_timeout_s": 1, "read_timeout_s": 0.6}
    return {"source": source, "stale_after_s": 1.5, "fps": 20, **options}


async def test_unplugged_hanging_and_back_again(start_service: Any, network_camera: Any) -> None:
    await network_camera.plug_in()
    service = await start_service({"yard": network(network_camera.url), "room": HEALTHY})
    first = await service.until("yard", lambda status: status["frames"] > 10)
    assert (first["state"], first["width"], first["height"]) == ("running", 160, 120)

    await network_camera.unplug()
    lost = await service.until("yard", lambda status: status["state"] == "offline")
    assert lost["error"]
    await network_camera.plug_in()
    back = await service.until("yard", lambda status: status["state"] == "running" and status["frames"] > 5)
    assert back["epoch"] != first["epoch"]
    assert back["reconnects"] >= 1

    network_camera.hanging = True
    hung = await service.until("yard", lambda status: status["state"] in ("offline", "stalled"))
    assert "0.6 s" in hung["error"]
    network_camera.hanging = False
    await service.until("yard", lambda status: status["state"] == "running" and status["epoch"] != back["epoch"])

    room = await service.camera("room")
    assert (room["reconnects"], room["dropped"]) == (0, 0)
    assert room["fps"] > 8
    assert await service.terminate() == 0
    text = service.log.read_text() + str(lost) + str(hung)
    assert "geheim" not in text
    assert "***@127.0.0.1" in str(lost)


async def test_a_camera_that_makes_jpeg_is_passed_on_byte_for_byte(
    start_service: Any, network_camera: Any, redis_url: str
) -> None:
    await network_camera.plug_in()
    async with Bus(redis_url) as bus:
        frames = bus.subscribe(names.ALL_FRAMES)
        service = await start_service({"yard": network(network_camera.url)})
        async with asyncio.timeout(20):
            received = [unpack_frame((await anext(frames))[1]) for _ in range(10)]
        await frames.aclose()  # type: ignore[attr-defined]

    assert all(frame.jpeg in network_camera.jpegs for frame in received)
    numbers = [frame.header.sequence for frame in received]
    assert numbers == list(range(numbers[0], numbers[0] + 10))
    snapshot = await service.http.get("/v1/cameras/yard/snapshot.jpg")
    assert snapshot.content in network_camera.jpegs


async def test_broken_sources_beside_a_healthy_one(start_service: Any, network_camera: Any, tmp_path: Any) -> None:
    async def stay_silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    silent = await asyncio.start_server(stay_silent, "127.0.0.1", 0)
    port = silent.sockets[0].getsockname()[1]
    letter = tmp_path / "letter.txt"
    letter.write_text("Dear reader, this is no video.\n" * 100)
    service = await start_service(
        {
            "silent": network(f"http://127.0.0.1:{port}/live"),
            "silent_rtsp": network(f"rtsp://127.0.0.1:{port}/live"),
            "refused": network(network_camera.url),
            "text": network(str(letter)),
            "device": network("/dev/video77"),
            "folder": {"source": {"type": "images", "folder": str(tmp_path / "missing")}, "stale_after_s": 1},
            "off": {"source": {"type": "pattern"}, "enabled": False},
            "room": HEALTHY,
        }
    )

    for broken in ("silent", "silent_rtsp", "refused", "text", "device", "folder"):
        status = await service.until(broken, lambda status: status["state"] == "offline")
        assert status["error"], broken
    room = await service.until("room", lambda status: status["frames"] > 20)

    assert (room["state"], room["reconnects"], room["dropped"]) == ("running", 0, 0)
    assert "off" not in [status["camera_id"] for status in (await service.http.get("/v1/cameras")).json()]
    async with asyncio.timeout(20):
        while (ready := await service.http.get("/readyz")).status_code == 200:  # still within the grace of the start
            await asyncio.sleep(0.1)
    checks = {check["name"]: check["ok"] for check in ready.json()["checks"]}
    assert checks["camera:room"]
    assert not checks["camera:folder"]
    assert await service.terminate() == 0
    silent.close()
