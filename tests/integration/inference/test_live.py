"""Frames in, detections and incidents out, through a real process and a real server."""

from __future__ import annotations

import asyncio
import math
import struct
import time
from pathlib import Path
from typing import Any, AsyncIterator, Callable

import httpx
import pytest

import service_access
from hackai_shared.bus import Bus, names
from hackai_shared.messages import FrameDetections, IncidentEvent
from hackai_shared.serving.decoding import decode_image
from small_detector import write_detector

CONFIG = "cameras:\n  front:\n    name: Front door\n    source: {type: pattern}\n"


@pytest.fixture
async def detections(bus: Bus) -> AsyncIterator[list[FrameDetections]]:
    """Everything that is published on ``detections.*`` from now on."""
    seen: list[FrameDetections] = []

    async def read() -> None:
        async for _, payload in bus.subscribe(names.ALL_DETECTIONS):
            seen.append(FrameDetections.model_validate_json(payload))

    task = asyncio.ensure_future(read())
    while not (await bus.client.pubsub_numpat()):
        await asyncio.sleep(0.01)
    yield seen
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def subscribed(bus: Bus, patterns: int) -> None:
    """Wait until so many pattern subscriptions are there: frames before are lost, which is right for frames."""
    while await bus.client.pubsub_numpat() < patterns:
        await asyncio.sleep(0.01)


async def opened(live: Any, bus: Bus) -> list[IncidentEvent]:
    return [event for event, _ in await live.incidents(bus) if event.change == "opened"]


async def test_smoke_that_becomes_a_fire_is_one_incident_with_its_pictures(
    service: Any, live: Any, bus: Bus, redis_url: str, detections: list[FrameDetections]
) -> None:
    service.start(redis_url, CONFIG)
    camera = live.FakeCamera(bus)
    await subscribed(bus, 2)

    await camera.show("nothing", 1)
    await camera.show("smoke", 4)
    await camera.show("fire", 3)
    await camera.show("nothing", 6)
    await live.until(lambda: len(detections) >= 100)

    async def three() -> bool:
        return len(await live.incidents(bus)) >= 3

    await live.until(three)
    entries = await live.incidents(bus)
    assert [(event.change, event.label) for event, _ in entries] == [
        ("opened", "start_fire"),
        ("worsened", "fire"),
        ("cleared", "fire"),
    ]
    assert len({event.incident_id for event, _ in entries}) == 1
    assert entries[0][0].camera_name == "Front door"
    assert entries[0][0].opened_s == pytest.approx(1.0, abs=0.31)
    for event, attachments in entries[:2]:
        assert decode_image(attachments["frame"]).shape == (90, 160, 3)  # the very bytes that were scored
        assert decode_image(attachments["annotated"]).shape[1] == 160
        assert event.frame.camera_id == "front"
    assert await bus.client.get(names.open_incident_key("front")) is None
    states = {item.state for item in detections}
    assert states == {"clear", "suspected", "confirmed", "clearing"}
    confirmed = next(item for item in detections if item.state == "confirmed")
    assert confirmed.incident_id == entries[0][0].incident_id
    assert confirmed.evidence >= 0.5


async def test_a_fire_after_smoke_that_was_going_is_another_incident(
    service: Any, live: Any, bus: Bus, redis_url: str
) -> None:
    service.start(redis_url, CONFIG)
    camera = live.FakeCamera(bus)
    await subscribed(bus, 1)

    for kind, seconds in (("smoke", 5), ("nothing", 2), ("fire", 3)):
        await camera.show(kind, seconds)

    async def two() -> bool:
        return len(await opened(live, bus)) == 2

    await live.until(two)
    first, second = await opened(live, bus)
    assert (first.label, second.label) == ("start_fire", "fire")
    assert second.previous_incident_id == first.incident_id


async def test_incidents_are_mirrored_for_live_views(service: Any, live: Any, bus: Bus, redis_url: str) -> None:
    service.start(redis_url, CONFIG)
    mirrored = bus.subscribe(names.INCIDENTS_LIVE)
    first = asyncio.ensure_future(mirrored.__anext__())
    await subscribed(bus, 2)

    await live.FakeCamera(bus).show("fire", 3)

    _, payload = await asyncio.wait_for(first, 10)
    await mirrored.aclose()  # type: ignore[attr-defined]
    assert IncidentEvent.model_validate_json(payload) == (await opened(live, bus))[0]


async def test_a_killed_service_goes_on_with_the_incident_instead_of_alarming_again(
    service: Any, live: Any, bus: Bus, redis_url: str
) -> None:
    service.start(redis_url, CONFIG)
    camera = live.FakeCamera(bus)
    await subscribed(bus, 1)
    await camera.show("fire", 3)

    async def stored() -> Any:
        return await bus.client.get(names.open_incident_key("front"))

    await live.until(stored)
    service.kill()
    while await bus.client.pubsub_numpat():
        await asyncio.sleep(0.01)
    service.start(redis_url, CONFIG)
    await subscribed(bus, 1)
    await camera.show("fire", 3)
    await camera.show("nothing", 6)

    async def cleared() -> bool:
        return any(event.change == "cleared" for event, _ in await live.incidents(bus))

    await live.until(cleared)
    events = [event for event, _ in await live.incidents(bus)]
    assert [event.change for event in events if event.change != "updated"] == ["opened", "cleared"]
    assert len({event.incident_id for event in events}) == 1
    revisions = [event.revision for event in events]
    assert revisions == sorted(set(revisions))


async def test_rubbish_on_the_channel_is_counted_and_harms_nobody(
    service: Any, live: Any, bus: Bus, redis_url: str, detections: list[FrameDetections]
) -> None:
    service.start(redis_url, CONFIG)
    camera = live.FakeCamera(bus)
    await subscribed(bus, 2)
    nan = camera.header().model_dump_json().replace('"stream_s":0.0', '"stream_s":NaN').encode()
    good = camera.header().model_dump_json().encode()
    for rubbish in (
        b"",
        b"\x00",
        b"text",
        struct.pack(">I", 2**31) + b"x",
        struct.pack(">I", 2) + b"{}x",
        struct.pack(">I", len(nan)) + nan + b"jpeg",
        struct.pack(">I", len(good)) + good + b"not a jpeg",
        struct.pack(">I", len(good)) + good + live.picture("fire")[:200],
    ):
        await bus.client.publish(names.frames("front"), rubbish)
        await asyncio.sleep(0.02)
    await bus.publish_frame(camera.header(), live.picture("fire"))  # arrives under its own name …
    await bus.client.publish(  # … and under another camera's
        names.frames("other"), struct.pack(">I", len(good)) + good + live.picture("fire")
    )

    await live.until(lambda: detections)
    assert detections[0].label == "fire"
    assert not math.isnan(detections[0].evidence)
    metrics = httpx.get(service.url + "/metrics", headers=service_access.HEADERS).text
    assert "hackai_inference_envelopes_malformed_total 7.0" in metrics
    assert 'hackai_inference_frames_failed_total{camera="front",reason="picture"}' in metrics
    assert {item.frame.camera_id for item in detections} == {"front"}


async def test_dropped_and_lost_frames_are_counted(
    service: Any, live: Any, bus: Bus, redis_url: str, detections: list[FrameDetections]
) -> None:
    service.start(redis_url, CONFIG)
    camera = live.FakeCamera(bus)
    await subscribed(bus, 2)
    await camera.show("nothing", 1)
    camera.sequence += 7  # lost on the way
    await camera.show("nothing", 1)

    await live.until(lambda: detections and detections[-1].frame.sequence == 26)
    assert detections[-1].dropped == 7 + (20 - len(detections))
    metrics = httpx.get(service.url + "/metrics", headers=service_access.HEADERS).text
    assert 'hackai_inference_frames_dropped_total{camera="front",reason="lost"} 7.0' in metrics


async def test_an_outage_of_redis_loses_no_incident_and_alarms_nobody_twice(
    service: Any, live: Any, mortal_server: Any
) -> None:
    url = mortal_server.connection_url + "/0"
    service.start(url, CONFIG)
    async with Bus(url) as bus:
        camera = live.FakeCamera(bus)
        await subscribed(bus, 1)
        await camera.show("fire", 3)

        async def alarmed() -> bool:
            return bool(await opened(live, bus))

        await live.until(alarmed)
    mortal_server.stop()
    await live.until(lambda: httpx.get(service.url + "/readyz").status_code == 503)
    assert httpx.get(service.url + "/healthz").status_code == 200
    mortal_server.start()
    await live.until(lambda: httpx.get(service.url + "/readyz").status_code == 200)
    async with Bus(url) as bus:
        await subscribed(bus, 1)
        camera.use(bus)
        await camera.show("fire", 2)
        await camera.show("nothing", 6)

        async def cleared() -> bool:
            return any(event.change == "cleared" for event, _ in await live.incidents(bus))

        await live.until(cleared)
        events = [event for event, _ in await live.incidents(bus)]
    assert service.stop() == 0
    assert [event.change for event in events if event.change != "updated"] == ["opened", "cleared"]
    assert len({event.event_id for event in events}) == len(events)


async def test_sigterm_ends_it_within_two_seconds(service: Any, live: Any, bus: Bus, redis_url: str) -> None:
    service.start(redis_url, CONFIG)
    camera = live.FakeCamera(bus)
    await subscribed(bus, 1)
    await camera.show("fire", 3)
    begun = time.monotonic()

    assert service.stop() == 0

    assert time.monotonic() - begun < 2.0
    assert len(await opened(live, bus)) == 1


def test_without_a_model_it_says_so_and_ends(
    service: Any, tmp_path: Path, redis_url: str, make_package: Callable[..., Path]
) -> None:
    (tmp_path / "models" / "fire-classifier" / "1" / "README.md").write_text("changed")

    with pytest.raises(AssertionError, match=r"README\.md"):
        service.start(redis_url, CONFIG)
    assert service.exit_status == 78


async def test_a_detector_gets_the_second_look_and_its_boxes_are_told(
    service: Any, live: Any, bus: Bus, redis_url: str, make_package: Callable[..., Path]
) -> None:
    write_detector(make_package, service.folder / "models")
    service.start(redis_url, CONFIG + "inference:\n  detector: {model: fire-detector}\n")
    camera = live.FakeCamera(bus)
    await subscribed(bus, 1)

    await camera.show("nothing", 1)
    await camera.show("fire", 4)

    async def told() -> bool:
        return bool(await opened(live, bus))

    await live.until(told)
    (event,) = await opened(live, bus)
    assert {box.source for box in event.boxes} == {"detector"}
    assert (event.boxes[0].label, event.boxes[0].x1, event.boxes[0].y2) == ("fire", 0.25, 1.0)


async def test_a_detector_that_is_not_there_stops_the_start(service: Any, redis_url: str) -> None:
    with pytest.raises(AssertionError, match="no usable version of fire-detector"):
        service.start(redis_url, CONFIG + "inference:\n  detector: {model: fire-detector}\n")
