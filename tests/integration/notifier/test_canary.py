"""A canary that came through is silent; one that is missing is told, with the leg that lost it."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import closing
from typing import Any

import pytest

from hackai_notifier.selftest import canary_watch, replica_watch
from hackai_shared.bus import Bus, names
from hackai_shared.config.canary import CanaryConfig
from hackai_shared.messages import FrameDetections, FrameRef, IncidentEvent, ModelRef, ServiceStatus, utc_now
from hackai_shared.messages import StageTimings as Timings
from hackai_shared.reserved import CANARY_CAMERA
from notifier_harness import ADMIN, CHAT, Running, Site, incident, later, raise_incident, running
from telegram_emulator import TelegramEmulator

Plant = Callable[[Bus], Awaitable[None]]
PERIOD_S, PATIENCE_S = 2.0, 1.0


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A period of two seconds, which no configuration allows."""
    config = CanaryConfig.model_construct(enabled=True, every_s=PERIOD_S, patience_s=PATIENCE_S)
    monkeypatch.setattr(canary_watch, "LOOK_EVERY_S", 0.1)
    monkeypatch.setattr(replica_watch, "LOOK_EVERY_S", 0.1)
    for watch in (canary_watch.CanaryWatch, replica_watch.ReplicaWatch):
        monkeypatch.setattr(watch, "__init__", _with(config, watch.__init__))


def _with(config: CanaryConfig, original: Callable[..., None]) -> Callable[..., None]:
    def init(self: Any, *arguments: Any, **options: Any) -> None:
        original(self, *[config if isinstance(one, CanaryConfig) else one for one in arguments], **options)

    return init


@pytest.fixture
async def notifier(site: Site) -> AsyncIterator[Running]:
    async with running(site) as it:
        yield it


def canary(**changes: Any) -> IncidentEvent:
    frame = FrameRef(camera_id=CANARY_CAMERA, epoch="e" * 32, sequence=1, captured_at=utc_now(), stream_s=1.0)
    return incident(kind="canary", camera_id=CANARY_CAMERA, camera_name=CANARY_CAMERA, frame=frame, **changes)


async def alive(bus: Bus, *services: str) -> None:
    for service in services:
        details = {"known_fires": {CANARY_CAMERA: utc_now().isoformat()}} if service == "camera" else {}
        await bus.heartbeat(ServiceStatus(service=service, instance="x", ready=True, details=details), expires_s=60)


async def judge(bus: Bus, fire: float) -> None:
    event = canary()
    seen = FrameDetections(
        frame=event.frame, model=ModelRef(name="m", version=1, variant="v"), label="fire", state="suspected",
        probabilities={"fire": fire, "no_fire": 1 - fire}, evidence=0.0, dropped=0,
        timings=Timings(decode_ms=1, infer_ms=1, total_ms=2, age_ms=3),
    )  # fmt: skip
    await bus.publish(names.detections(CANARY_CAMERA), seen)


async def told(telegram: TelegramEmulator, chat: int = ADMIN, count: int = 1) -> str:
    return (await telegram.journal.wait_for("sendMessage", count, chat_id=chat))[-1].text


async def test_a_canary_comes_through_and_nobody_hears_of_it(
    notifier: Running, bus: Bus, telegram: TelegramEmulator
) -> None:
    for _ in range(4):
        event = await raise_incident(bus, canary(), picture=b"")
        await raise_incident(bus, later(event, "cleared"))
        await asyncio.sleep(PERIOD_S / 2)

    assert (await notifier.http.get("/v1/incidents")).json() == []
    assert telegram.journal.of("sendMessage") == []
    details = notifier.parts.details()["canary"]
    assert details["delivered_at"] is not None
    assert details["broken"] is None
    metrics = (await notifier.http.get("/metrics")).text
    assert "hackai_notifier_canary_seconds_count 4.0" in metrics


async def no_camera(bus: Bus) -> None:
    await alive(bus, "inference")


async def no_inference(bus: Bus) -> None:
    await alive(bus, "camera")


async def deaf_inference(bus: Bus) -> None:
    await alive(bus, "camera", "inference")


async def blind_model(bus: Bus) -> None:
    await alive(bus, "camera", "inference")
    await judge(bus, 0.2)


async def lost_incident(bus: Bus) -> None:
    await alive(bus, "camera", "inference")
    await judge(bus, 0.9)


@pytest.mark.parametrize(
    ("plant", "words"),
    [
        (no_camera, "the camera service does not respond"),
        (no_inference, "the inference service does not respond"),
        (deaf_inference, "frames arrive, but none is judged"),
        (blind_model, "the model does not recognize a fire (at most 20 %)"),
        (lost_incident, "a fire was recognized, but no incident arrived"),
    ],
)
async def test_each_leg_that_breaks_is_told_within_the_period_and_its_repair_too(
    notifier: Running, bus: Bus, telegram: TelegramEmulator, plant: Plant, words: str
) -> None:
    await raise_incident(bus, canary())  # all is well
    await asyncio.sleep(PERIOD_S * 0.6)
    await plant(bus)
    began = asyncio.get_running_loop().time()

    text = await told(telegram)
    took = asyncio.get_running_loop().time() - began

    assert "THE FIRE WATCH IS BROKEN" in text
    assert words in text
    assert took < PERIOD_S + PATIENCE_S
    assert telegram.journal.of("sendMessage", chat_id=CHAT) == []  # the administrators' business
    assert not notifier.context.health.ready

    await raise_incident(bus, canary())
    assert "works again" in await told(telegram, count=2)
    assert notifier.context.health.results()["canary"].ok


async def test_an_outbox_that_cannot_be_written_is_told_past_it(
    notifier: Running, bus: Bus, telegram: TelegramEmulator, site: Site
) -> None:
    await raise_incident(bus, canary())
    await alive(bus, "camera", "inference")
    await asyncio.sleep(0.5)
    with closing(sqlite3.connect(site.folder / "data" / "notifier.sqlite3", isolation_level=None)) as other:
        began = asyncio.get_running_loop().time()
        other.execute("BEGIN IMMEDIATE")  # another process holds the file: nothing can be written
        await raise_incident(bus, canary())
        await judge(bus, 0.97)
        text = await told(telegram)
        took = asyncio.get_running_loop().time() - began
        other.execute("ROLLBACK")

    assert "the outbox cannot be written" in text
    assert took < PERIOD_S + PATIENCE_S
    assert "works again" in await told(telegram, count=2)


async def test_an_inference_service_that_no_canary_proves_is_told_though_others_are_proven(
    notifier: Running, bus: Bus, telegram: TelegramEmulator
) -> None:
    async def prove(*instances: str, until: Callable[[], bool]) -> None:
        async with asyncio.timeout(30):
            while not until():
                for instance in ("one", "two"):
                    status = ServiceStatus(service="inference", instance=instance, ready=True)
                    await bus.heartbeat(status, expires_s=60)
                for instance in instances:
                    await raise_incident(bus, canary(judged_by=instance))
                    await asyncio.sleep(PERIOD_S / 4)

    def messages() -> list[str]:
        return [call.text for call in telegram.journal.of("sendMessage", chat_id=ADMIN)]

    await prove("one", until=lambda: bool(messages()))
    details = notifier.parts.details()["canary"]
    assert not notifier.context.health.results()["replicas"].ok
    await prove("one", "two", until=lambda: len(messages()) == 2)

    assert details["proven_s_ago"]["two"] > 3 * PERIOD_S + PATIENCE_S > details["proven_s_ago"]["one"]
    assert "The inference service two responds, but no test fire came through it" in messages()[0]
    assert "A test fire came through the inference service two again" in messages()[1]
    assert notifier.context.health.results()["replicas"].ok
    assert telegram.journal.of("sendMessage", chat_id=CHAT) == []


async def test_without_administrators_the_chats_are_told(site: Site, bus: Bus, telegram: TelegramEmulator) -> None:
    site.write_config(
        {"telegram": {"chats": [CHAT], "api_url": telegram.url}, "console": {"folder": str(site.pictures)}}
    )
    async with running(site):
        assert "THE FIRE WATCH IS BROKEN" in await told(telegram, CHAT)


async def test_a_canary_of_before_the_restart_proves_nothing(site: Site, bus: Bus, telegram: TelegramEmulator) -> None:
    async with running(site) as first:
        await raise_incident(bus, canary())
        async with asyncio.timeout(10):
            while first.parts.details()["canary"]["delivered_at"] is None:
                await asyncio.sleep(0.02)
    await asyncio.sleep(0.5)
    async with running(site):
        assert "THE FIRE WATCH IS BROKEN" in await told(telegram)
