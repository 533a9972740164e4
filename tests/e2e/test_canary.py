"""The canary through the whole product: it comes through, and each leg that is stopped is told within the period."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from e2e.stack import CHAT, Stack, running_stack
from hackai_shared.bus import Bus

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

EVERY_S, PATIENCE_S = 20.0, 15.0
ROOM = {"room": {"source": {"type": "pattern", "pattern": "room"}, "fps": 5}}


async def canary(stack: Stack) -> dict[str, object]:
    """What the notifier's heartbeat says of it."""
    async with Bus(stack.redis.url) as bus:
        for status in await bus.statuses():
            if status.service == "notifier":
                return dict(status.details["canary"])
    return {}


async def came_through(stack: Stack, after: object) -> object:
    """Wait for the next canary; return when it was delivered."""
    async with asyncio.timeout(90):
        while (at := (await canary(stack)).get("delivered_at")) in (None, after):
            await asyncio.sleep(0.2)
    return at


async def broken(stack: Stack, count: int) -> tuple[str, float]:
    """Wait for the next notice; return its text and how long it took."""
    began = asyncio.get_running_loop().time()
    calls = await stack.telegram.journal.wait_for("sendMessage", count, chat_id=CHAT, timeout=90)
    return calls[-1].text, asyncio.get_running_loop().time() - began


async def test_it_comes_through_and_every_leg_that_stops_is_told(tmp_path: Path, root: Path) -> None:
    config = {"every_s": EVERY_S, "patience_s": PATIENCE_S}
    async with running_stack(tmp_path, root, ROOM, canary=config, ready_s=150) as stack:
        at = await came_through(stack, None)
        at = await came_through(stack, at)
        assert stack.telegram.journal.of("sendMessage") == []  # nobody hears of it
        told = 0
        for service, words in (("inference", "inference"), ("camera", "camera")):
            pid = await stack.pid(service)
            os.kill(pid, signal.SIGSTOP)  # it hangs: nothing restarts it
            text, took = await broken(stack, told + 1)
            os.kill(pid, signal.SIGCONT)
            print(f"{service} stopped: told after {took:.1f} s: {text!r}")
            assert "THE FIRE WATCH IS BROKEN" in text
            assert f"the {words} service does not respond" in text
            assert took <= EVERY_S + PATIENCE_S
            text, _ = await broken(stack, told + 2)
            assert "works again" in text
            told += 2
            at = (await canary(stack))["delivered_at"]

        database = stack.folder / "data" / "notifier.sqlite3"
        with closing(sqlite3.connect(database, isolation_level=None, timeout=30)) as other:
            other.execute("BEGIN IMMEDIATE")
            text, took = await broken(stack, told + 1)
            other.execute("ROLLBACK")
        print(f"outbox locked: told after {took:.1f} s: {text!r}")
        assert "the outbox cannot be written" in text
        assert took <= EVERY_S + PATIENCE_S
        assert "works again" in (await broken(stack, told + 2))[0]

        stack.redis.stop()
        text, took = await broken(stack, told + 3)
        print(f"Redis stopped: told after {took:.1f} s: {text!r}")
        await stack.redis.start()
        assert "Redis does not answer" in text
        assert took <= EVERY_S + PATIENCE_S


async def test_a_drill_from_the_phone_to_the_phone(tmp_path: Path, root: Path) -> None:
    async with running_stack(tmp_path, root, ROOM, ready_s=150) as stack:
        await stack.pid("inference")
        stack.telegram.say(CHAT, "/drill")
        _, alarm, report = await stack.telegram.journal.wait_for("sendMessage", 3, chat_id=CHAT, timeout=100)

    print(report.text)
    assert "DRILL: FIRE · Drill" in alarm.text
    assert "Drill passed" in report.text
    for leg in ("order to first frame", "first frame to fire recognised", f"notifier to telegram {CHAT}"):
        assert leg in report.text
