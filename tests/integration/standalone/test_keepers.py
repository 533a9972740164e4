"""What is killed or hangs works again by itself, and people hear of it: real processes, a real Redis, a real disk."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from redis.exceptions import RedisError

from hackai_shared.bus import Bus
from hackai_shared.disk import free_bytes
from hackai_shared.teller import Teller
from hackai_standalone import keeper as keeper_module
from hackai_standalone import pulse, redis_keeper
from hackai_standalone.child import Child
from hackai_standalone.embedded_redis import start_embedded_redis
from hackai_standalone.keeper import ServiceKeeper
from hackai_standalone.ports import free_port
from hackai_standalone.redis_keeper import RedisKeeper

pytestmark = pytest.mark.timeout(120)

# Answers as a service does; what the file beside it says is stuck.
SERVICE = """
import json, sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        stuck = Path(sys.argv[2]).exists()
        checks = [{"name": "frames", "ok": not stuck, "own": True, "detail": "none judged"},
                  {"name": "redis", "ok": False, "own": False, "detail": "away"}]
        body = json.dumps({"checks": checks}).encode()
        self.send_response(503)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_):
        pass
HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


class Told(Teller):
    """Keeps what would be sent."""

    def __init__(self) -> None:
        super().__init__([])
        self.texts: list[str] = []

    def say(self, text: str) -> None:
        self.texts.append(text)

    def heard(self, *words: str) -> bool:
        return any(all(word in text for word in words) for text in self.texts)


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeper_module, "ASK_EVERY_S", 0.1)
    monkeypatch.setattr(keeper_module, "ANSWER_S", 0.5)
    monkeypatch.setattr(pulse, "NO_ANSWER_S", 1.0)
    monkeypatch.setattr(pulse, "STUCK_S", 0.5)
    monkeypatch.setattr(redis_keeper, "LOOK_EVERY_S", 0.1)
    monkeypatch.setattr(redis_keeper, "ANSWER_S", 0.5)
    monkeypatch.setattr(redis_keeper, "NO_ANSWER_S", 1.0)
    monkeypatch.setattr(redis_keeper, "RETURN_TO_DISK_S", 0.2)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.02)


@asynccontextmanager
async def kept_service(tmp_path: Path) -> AsyncIterator[tuple[list[Child], Told]]:
    port, told, runs = free_port(), Told(), []

    async def start() -> Child:
        runs.append(await Child.start("inference", sys.executable, "-c", SERVICE, str(port), tmp_path / "stuck"))
        return runs[-1]

    keeper = ServiceKeeper("inference", f"http://127.0.0.1:{port}", await start(), start, told)
    keeping = asyncio.ensure_future(keeper.run())
    yield runs, told
    keeping.cancel()
    await asyncio.gather(keeping, return_exceptions=True)
    await keeper.stop(2.0)
    assert all(run.status is not None for run in runs)


async def test_a_service_that_is_stopped_as_a_whole_is_killed_and_started_again(tmp_path: Path) -> None:
    async with kept_service(tmp_path) as (runs, told):
        await asyncio.sleep(1.0)  # it has answered: what does not answer yet is only starting
        os.kill(runs[0].pid, signal.SIGSTOP)
        await until(lambda: told.heard("Fire detection failed", "not answered"))
        await until(lambda: told.heard("Fire detection works again"))
        assert runs[0].status == -signal.SIGKILL
        assert len(runs) == 2


async def test_a_service_that_says_that_its_work_is_stuck_is_started_again(tmp_path: Path) -> None:
    async with kept_service(tmp_path) as (runs, told):
        (tmp_path / "stuck").touch()
        await until(lambda: told.heard("Fire detection failed", "none judged"))
        (tmp_path / "stuck").unlink()
        await until(lambda: told.heard("Fire detection works again"))
        assert len(runs) >= 2


async def test_what_is_not_its_own_work_is_no_reason_to_restart_it(tmp_path: Path) -> None:
    async with kept_service(tmp_path) as (runs, told):
        await asyncio.sleep(2.0)  # it says all the time that Redis is away
        assert len(runs) == 1
        assert told.texts == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "none", str(folder)], check=False)
    if mounted.returncode != 0:
        pytest.skip("no file system can be mounted here")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@asynccontextmanager
async def kept_redis(folder: Path) -> AsyncIterator[tuple[Any, RedisKeeper, Told, Bus]]:
    redis, told = await start_embedded_redis(folder / "redis", durable=True), Told()
    keeper = RedisKeeper(redis, told)
    keeping = asyncio.ensure_future(keeper.run())
    async with Bus(redis.url, timeout_s=2.0) as bus:
        yield redis, keeper, told, bus
    keeping.cancel()
    await asyncio.gather(keeping, return_exceptions=True)
    await keeper.stop()


@pytest.mark.parametrize("how", ["kill", "stop", "shutdown"])
async def test_redis_that_ends_or_hangs_is_there_again_with_its_streams(tmp_path: Path, how: str) -> None:
    async with kept_redis(tmp_path) as (redis, _, told, bus):
        await bus.client.xadd("incidents", {"message": "kept"})
        first = redis.child
        if how == "shutdown":
            await bus.client.shutdown(nosave=True)
        else:
            os.kill(first.pid, signal.SIGKILL if how == "kill" else signal.SIGSTOP)
        await until(lambda: told.heard("(Redis) failed"))
        await until(lambda: told.heard("(Redis) works again"))
        assert redis.child is not first
        assert [fields for _, fields in await bus.client.xrange("incidents")] == [{b"message": b"kept"}]


async def test_a_log_that_is_damaged_while_redis_is_down_is_told(tmp_path: Path) -> None:
    async with kept_redis(tmp_path) as (redis, _, told, bus):
        await bus.client.xadd("incidents", {"message": "kept"})
        with next((redis.folder / "appendonlydir").glob("*.incr.aof")).open("ab") as log:
            log.write(b"*2\r\n$4\r\nGARBAGE" * 20)
        redis.child.kill()
        await until(lambda: told.heard("queue on disk was damaged", "before the damage was kept", ".damaged-"))
        await until(lambda: told.heard("(Redis) works again"))
        assert await bus.client.xlen("incidents") == 1


async def test_on_a_full_disk_redis_goes_on_in_memory_and_returns_to_the_disk_by_itself(small_disk: Path) -> None:
    async with kept_redis(small_disk) as (redis, keeper, told, bus):
        await bus.client.xadd("incidents", {"message": "before"})
        filler = small_disk / "filler"
        filler.write_bytes(b"x" * free_bytes(small_disk))

        appended = 0
        async with asyncio.timeout(30):
            while appended < 20:  # as the outbox of the inference service does: again until it is in
                try:
                    await bus.client.xadd("incidents", {"message": "x" * 50_000})
                    appended += 1
                except (RedisError, OSError):
                    await asyncio.sleep(0.05)
        await until(lambda: told.heard("runs in memory only"))
        keeper.disk(has_room=False)

        filler.unlink()
        keeper.disk(has_room=True)
        await until(lambda: told.heard("written to disk again"))
        assert (await bus.client.config_get("appendfsync"))["appendfsync"] == "always"
        # What was appended on the full disk is on the disk now: it is there after a kill.
        child = redis.child
        child.kill()
        async with asyncio.timeout(30):
            while redis.child is child or not await bus.ping():
                await asyncio.sleep(0.05)
        assert await bus.client.xlen("incidents") >= 21
