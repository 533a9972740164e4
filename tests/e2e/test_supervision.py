"""No part ends the watch: what is killed or hangs under `hackai up` is told and works again by itself."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from e2e.stack import CHAT, EmbeddedServer, Stack, running_stack
from hackai_shared.bus import Bus, names
from hackai_standalone.ports import free_port

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

CAMERAS: dict[str, Any] = {"room": {"name": "Room", "source": {"type": "pattern", "pattern": "room", "fps": 5}}}
LIMIT_S = 30.0


def told(stack: Stack, *words: str) -> bool:
    return any(all(word in call.text for word in words) for call in stack.telegram.journal.of("sendMessage"))


async def until(condition: Callable[[], bool], timeout: float) -> None:
    async with asyncio.timeout(timeout):
        while not condition():
            await asyncio.sleep(0.1)


async def judged(stack: Stack, timeout: float) -> None:
    """Wait for a frame that is judged from now on."""
    async with asyncio.timeout(timeout):
        while True:
            try:
                async with Bus(stack.redis.url) as bus:
                    async for _ in bus.subscribe(names.ALL_DETECTIONS):
                        return
            except OSError:
                await asyncio.sleep(0.1)


def server(stack: Stack) -> EmbeddedServer:
    assert isinstance(stack.redis, EmbeddedServer)
    return stack.redis


async def test_what_is_killed_or_hangs_is_told_and_works_again(tmp_path: Path, root: Path) -> None:
    async with running_stack(tmp_path, root, CAMERAS, embedded=True, ready_s=300) as stack:
        await judged(stack, 90)

        server(stack).process.kill()
        await until(lambda: told(stack, "(Redis)", "failed"), LIMIT_S)
        await judged(stack, LIMIT_S)
        await until(lambda: told(stack, "(Redis)", "works again"), LIMIT_S)

        os.kill(await stack.pid("inference"), signal.SIGSTOP)
        await until(lambda: told(stack, "Fire detection failed", "not answered"), LIMIT_S)
        await judged(stack, LIMIT_S)
        await until(lambda: told(stack, "Fire detection works again"), LIMIT_S)
        assert {call.params["chat_id"] for call in stack.telegram.journal.of("sendMessage")} == {CHAT}


async def test_a_stop_during_the_start_is_obeyed_at_once(tmp_path: Path, root: Path) -> None:
    """A service that does not begin to listen held a stop up for a minute, one after the other for five."""
    config = tmp_path / "config.yml"
    config.write_text(yaml.safe_dump({"cameras": CAMERAS, "canary": {"enabled": False}}))
    names_of_ports = ("CAMERA", "INFERENCE", "NOTIFIER", "FACE_AUTH", "DASHBOARD")
    ports = {f"HACKAI_{name}_PORT": str(free_port()) for name in names_of_ports}
    environment = {**os.environ, **ports, "HACKAI_MODELS_DIR": str(root / "models")}
    command = [sys.executable, "-m", "hackai_standalone", "up", "-c", str(config), "--data", str(tmp_path / "data")]
    with (tmp_path / "up.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(*command, env=environment, stdout=log, stderr=log)
    redis = EmbeddedServer(tmp_path / "data" / "redis")
    await until((redis.folder / "url").exists, 60)
    process.terminate()
    assert await asyncio.wait_for(process.wait(), 35) == 0
    async with httpx.AsyncClient() as client:
        for port in ports.values():
            with pytest.raises(httpx.ConnectError):
                await client.get(f"http://127.0.0.1:{port}/healthz")
