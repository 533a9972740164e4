"""No alarm is lost: the notifier is killed, Redis goes away, Telegram refuses. Each alarm arrives once in each chat."""

from __future__ import annotations

import asyncio
import os
import signal
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from e2e.stack import CHAT, SECOND_CHAT, Stack, running_stack
from hackai_standalone.locations import BUNDLED_CLIP
from hackai_standalone.texts import name_of
from telegram_emulator.journal import Call

pytestmark = pytest.mark.timeout(240)

CHATS = (CHAT, SECOND_CHAT)
CAMERAS: dict[str, Any] = {"workshop": {"name": "Workshop", "source": {"type": "pyav", "url": str(BUNDLED_CLIP)}}}
STEPS = ("text", "photo", "clip")
# The outages of `make test-slow` are as long as people asked for; in the ordinary run they are shorter, not different.
LONG = pytest.mark.slow


async def first_incident(stack: Stack, timeout: float = 60) -> str:
    """Wait for the alarm of the bundled clip; return its id."""
    async with asyncio.timeout(timeout):
        while True:
            opened = [event for event in await stack.incidents() if event.change == "opened"]
            if opened:
                return opened[0].incident_id
            await asyncio.sleep(0.05)


def tells_of_a_part(call: Call) -> bool:
    """Return whether a message of the supervisor says that a service failed or works again."""
    text = str(call.params.get("text", ""))
    return any(text.startswith(f"{sign} {name_of(part)} ") for sign in ("⚠️", "✅") for part in ("notifier", "redis"))


def assert_told_once(stack: Stack) -> None:
    """Each chat got one text first, then one photo and one clip.

    Photo and clip are sends of their own: after an outage each waits for its own next try.
    """
    for chat in CHATS:
        sent = stack.telegram.journal.of("sendMessage", "sendPhoto", "sendVideo", chat_id=chat)
        calls = [call for call in sent if not tells_of_a_part(call)]
        assert Counter(call.method for call in calls) == {"sendMessage": 1, "sendPhoto": 1, "sendVideo": 1}
        assert calls[0].method == "sendMessage"


async def test_a_notifier_killed_between_confirmation_and_delivery(tmp_path: Path, root: Path) -> None:
    async with running_stack(tmp_path, root, CAMERAS, chats=CHATS) as stack:
        refused = stack.telegram.fail(method="sendMessage", code=500)
        incident = await first_incident(stack)
        await stack.telegram.journal.wait_for("sendMessage", ok=False)

        os.kill(await stack.pid("notifier"), signal.SIGKILL)
        stack.telegram.script.faults.remove(refused)

        await stack.until_delivered(incident, STEPS, len(CHATS), 90)
        assert_told_once(stack)
        journal = stack.telegram.journal
        await journal.wait(lambda: any(tells_of_a_part(call) for call in journal.of("sendMessage", chat_id=CHAT)))


@pytest.mark.parametrize("seconds", [5, pytest.param(30, marks=LONG)])
async def test_redis_away_while_the_fire_is_confirmed(tmp_path: Path, root: Path, seconds: int) -> None:
    cameras = {"workshop": {**CAMERAS["workshop"], "source": {**CAMERAS["workshop"]["source"], "loop": True}}}
    async with running_stack(tmp_path, root, cameras, chats=CHATS) as stack:
        await stack.pid("inference")
        stack.redis.stop()
        await asyncio.sleep(seconds)
        await stack.redis.start()

        incident = await first_incident(stack)
        await stack.until_delivered(incident, STEPS, len(CHATS), 90)

        for chat in CHATS:
            texts = [call.text for call in stack.telegram.journal.of("sendMessage", chat_id=chat)]
            assert sum("Workshop" in text for text in texts) >= 1
            assert len(texts) == len(set(texts))


@pytest.mark.parametrize("seconds", [3, pytest.param(60, marks=LONG)])
@pytest.mark.parametrize("code", [429, 500])
async def test_telegram_refuses_for_a_while(tmp_path: Path, root: Path, code: int, seconds: int) -> None:
    async with running_stack(tmp_path, root, CAMERAS, chats=CHATS) as stack:
        stack.telegram.fail(method="sendMessage", code=code, seconds=seconds)

        incident = await first_incident(stack)
        await stack.until_delivered(incident, STEPS, len(CHATS), seconds + 120)

        assert_told_once(stack)
