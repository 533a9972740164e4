"""The fault watch of a real service: told on the stream with a picture, over a restart, and ended."""

from __future__ import annotations

import asyncio
from itertools import islice
from typing import Any

import pytest

from camera_disturbances import Disturb, endless, jpeg, moved, scene, tape
from hackai_shared.bus import Bus, names
from hackai_shared.messages import Actor, Command, IncidentEvent


def pictures(disturb: Disturb = lambda picture: picture) -> list[bytes]:
    return [jpeg(disturb(picture)) for picture in islice(endless(scene("room")), 60)]


HEALTHY, COVERED, ASIDE = pictures(), pictures(tape), pictures(moved)


async def told(bus: Bus, count: int, timeout: float = 40) -> list[tuple[IncidentEvent, dict[bytes, bytes]]]:
    """Wait for a number of events."""
    async with asyncio.timeout(timeout):
        while await bus.client.xlen(names.INCIDENTS) < count:
            await asyncio.sleep(0.1)
    entries = await bus.client.xrange(names.INCIDENTS)
    return [(IncidentEvent.model_validate_json(fields.pop(b"message")), fields) for _, fields in entries]


async def test_an_unplugged_camera_is_told_and_ended(start_service: Any, network_camera: Any, bus: Bus) -> None:
    await network_camera.plug_in()
    source = {"type": "pyav", "url": network_camera.url, "read_timeout_s": 1, "open_timeout_s": 1}
    faults = {"offline_after_s": 2, "ignore": ["covered"]}
    service = await start_service({"yard": {"name": "Yard", "source": source, "faults": faults}})
    await service.until("yard", lambda status: status["frames"] > 5)

    await network_camera.unplug()
    ((opened, attachments),) = await told(bus, 1)
    await network_camera.plug_in()
    ((_, _), (cleared, _)) = await told(bus, 2, timeout=60)

    assert (opened.kind, opened.change, opened.label) == ("camera_fault", "opened", "offline")
    assert opened.camera_name == "Yard"
    assert attachments[b"frame"].startswith(b"\xff\xd8")  # the last that it saw
    assert (cleared.change, cleared.incident_id) == ("cleared", opened.incident_id)
    metrics = (await service.http.get("/metrics")).text
    assert 'hackai_camera_fault{camera="yard",fault="offline"} 0.0' in metrics
    assert "geheim" not in opened.model_dump_json()


@pytest.mark.slow
async def test_a_covered_camera_is_told_once_over_a_restart_and_ended(
    start_service: Any, network_camera: Any, bus: Bus
) -> None:
    network_camera.jpegs = HEALTHY
    await network_camera.plug_in()
    cameras = {"hall": {"source": {"type": "pyav", "url": network_camera.url}}}
    service = await start_service(cameras)
    await service.until("hall", lambda status: status["frames"] > 130)  # 13 s: the view is learnt

    network_camera.jpegs = COVERED
    ((opened, _),) = await told(bus, 1)
    assert await service.terminate() == 0
    restarted = await start_service(cameras)
    await restarted.until("hall", lambda status: status["frames"] > 130)
    assert await bus.client.xlen(names.INCIDENTS) == 1

    network_camera.jpegs = HEALTHY
    ((_, _), (cleared, _)) = await told(bus, 2)
    assert opened.label == "covered"
    assert (cleared.change, cleared.incident_id) == ("cleared", opened.incident_id)


@pytest.mark.slow
async def test_a_view_that_is_called_a_false_alarm_becomes_normal(
    start_service: Any, network_camera: Any, bus: Bus
) -> None:
    network_camera.jpegs = HEALTHY
    await network_camera.plug_in()
    service = await start_service({"hall": {"source": {"type": "pyav", "url": network_camera.url}}})
    await service.until("hall", lambda status: status["frames"] > 130)
    network_camera.jpegs = ASIDE
    ((opened, _),) = await told(bus, 1)

    somebody = Actor(channel="cli", id="test")
    for action in ("acknowledge", "false_alarm"):
        assert await bus.client.xlen(names.INCIDENTS) == 1
        order = Command.model_validate({"action": action, "actor": somebody, "incident_id": opened.incident_id})
        await bus.append(names.COMMANDS, order)
        await asyncio.sleep(8)  # an acknowledgement, which must not end it, would have done so by then
    (_, (cleared, _)) = await told(bus, 2)

    assert opened.label == "moved"
    assert (cleared.change, cleared.incident_id) == ("cleared", opened.incident_id)
