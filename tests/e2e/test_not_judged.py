"""An inference process that is stopped: people hear of it within 30 s, and of its end within 15 s of its repair."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

import service_access
from e2e.stack import CHAT, Stack, running_stack
from hackai_shared.bus import Bus
from hackai_shared.judged import is_judged, judged_ages_s
from hackai_shared.messages import utc_now

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

ROOM = {"name": "Hall", "fps": 5, "source": {"type": "pattern", "pattern": "room", "fps": 5}}


async def until_judged(stack: Stack) -> None:
    async with Bus(stack.redis.url) as bus, asyncio.timeout(120):
        while not is_judged(judged_ages_s(await bus.statuses(), utc_now()).get("hall")):
            await asyncio.sleep(0.2)


async def test_a_stopped_inference_process_is_told_by_somebody_else(tmp_path: Path, root: Path) -> None:
    async with running_stack(tmp_path, root, {"hall": ROOM}) as stack:
        await until_judged(stack)
        # The notifier has to have heard it, too.
        async with httpx.AsyncClient(headers=service_access.HEADERS) as http, asyncio.timeout(60):
            while "every camera" not in (await http.get(stack.url("notifier") + "/readyz")).text:
                await asyncio.sleep(0.2)
        pid = await stack.pid("inference")
        began = time.monotonic()
        os.kill(pid, signal.SIGSTOP)
        try:
            (call,) = await stack.telegram.journal.wait_for("sendMessage", 1, chat_id=CHAT, timeout=60)
            took_s = time.monotonic() - began
            stack.telegram.say(CHAT, "/status")
            status = (await stack.telegram.journal.wait_for("sendMessage", 2, chat_id=CHAT))[-1].text
        finally:
            with suppress(ProcessLookupError):  # its supervisor may have ended it
                os.kill(pid, signal.SIGCONT)
        repaired = time.monotonic()
        shown = CHAT, call.result["message_id"]
        await stack.telegram.journal.wait(
            lambda: "This camera is watched again" in stack.telegram.state.text_of(*shown), timeout=60
        )
        back_s = time.monotonic() - repaired
        print(f"stopped: told after {took_s:.1f} s; continued: watched again after {back_s:.1f} s")

    assert "CAMERA NOT WATCHED · Hall" in call.text
    assert call.params.get("disable_notification") not in (True, "true", "True")
    assert "not judged" in status
