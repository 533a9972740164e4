"""The notifier under test: inside of the test's process, or as a real process; and the incidents that it is given."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import yaml
from aiohttp import web
from PIL import Image
from pydantic import SecretStr

import service_access
from hackai_notifier.main import build
from hackai_notifier.settings import NotifierSettings
from hackai_shared.bus import Bus, names
from hackai_shared.health import Health
from hackai_shared.messages import FrameRef, IncidentEvent, utc_now
from hackai_shared.metrics import Metrics
from hackai_shared.service import ServiceContext, ServiceParts
from telegram_emulator import TOKEN

CHAT = 1001
OTHER_CHAT = 1002
ADMIN = 1009
EPOCH = "e" * 32


def jpeg(colour: str = "red") -> bytes:
    """Return a small JPEG of one colour, so that pictures of different incidents differ."""
    out = BytesIO()
    Image.new("RGB", (64, 48), colour).save(out, "JPEG")
    return out.getvalue()


def incident(**changes: Any) -> IncidentEvent:
    """Return the ``opened`` event of a fire that was just confirmed."""
    now = utc_now()
    facts: dict[str, Any] = {
        "incident_id": uuid.uuid4().hex,
        "revision": 0,
        "kind": "fire",
        "change": "opened",
        "camera_id": "front",
        "camera_name": "Front door",
        "label": "fire",
        "score": 0.93,
        "peak_score": 0.97,
        "opened_at": now - timedelta(seconds=3),
        "confirmed_at": now,
        "opened_s": 10.0,
        "confirmed_s": 13.0,
        "frames_positive": 28,
        "frames_seen": 30,
        "frame": FrameRef(camera_id="front", epoch=EPOCH, sequence=130, captured_at=now, stream_s=13.0),
    }
    return IncidentEvent(**{**facts, **changes})


def later(event: IncidentEvent, change: str, **changes: Any) -> IncidentEvent:
    """Return the next event of an incident."""
    facts = event.model_dump()
    facts.update(event_id=uuid.uuid4().hex, change=change, revision=event.revision + 1, **changes)
    return IncidentEvent.model_validate(facts)


async def raise_incident(bus: Bus, event: IncidentEvent, *, picture: bytes | None = None) -> IncidentEvent:
    """Put an event onto the stream as the inference service does; return it."""
    attachments = {} if picture is None else {"frame": picture, "annotated": picture}
    await bus.append(names.INCIDENTS, event, attachments)
    return event


@asynccontextmanager
async def camera_service(clip: Callable[[web.Request], Awaitable[web.Response]]) -> AsyncIterator[str]:
    """A real HTTP server in the place of the camera service."""
    app = web.Application()
    app.router.add_get("/v1/cameras/front/clip.mp4", clip)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@dataclass(frozen=True)
class Site:
    """A configured notifier: where its things are."""

    folder: Path
    redis_url: str
    port: int
    camera_url: str = "http://127.0.0.1:9"
    telegram: bool = True
    timeout_s: float = 5.0
    face_auth_url: str | None = None
    dashboard_url: str | None = None
    jwks_file: Path | None = None

    @property
    def pictures(self) -> Path:
        """The folder of the console channel."""
        return self.folder / "incidents"

    def write_config(self, notifier: Mapping[str, Any]) -> Path:
        """Write ``config.yml``; return its path."""
        path = self.folder / "config.yml"
        cameras = {
            "front": {"name": "Front door", "source": {"type": "pattern"}},
            "kitchen": {"name": "Kitchen", "source": {"type": "pattern"}},
        }
        path.write_text(yaml.safe_dump({"cameras": cameras, "notifier": dict(notifier)}))
        return path

    def environment(self) -> dict[str, str]:
        """Return the environment of a process."""
        variables = {
            "HACKAI_CONFIG": str(self.folder / "config.yml"),
            "HACKAI_REDIS_URL": self.redis_url,
            "HACKAI_NOTIFIER_PORT": str(self.port),
            "HACKAI_DATA_DIR": str(self.folder / "data"),
            "HACKAI_CAMERA_URL": self.camera_url,
            "HACKAI_TELEGRAM_TIMEOUT_S": str(self.timeout_s),
            "HACKAI_HEARTBEAT_S": "0.5",
            **service_access.ENVIRONMENT,
        }
        if self.telegram:
            variables["HACKAI_TELEGRAM_TOKEN"] = TOKEN
        return {**os.environ, **variables}

    def settings(self) -> NotifierSettings:
        """Return the same as settings."""
        return NotifierSettings(
            config=self.folder / "config.yml",
            redis_url=self.redis_url,
            notifier_port=self.port,
            data_dir=self.folder / "data",
            camera_url=self.camera_url,
            face_auth_url=self.face_auth_url,
            dashboard_url=self.dashboard_url,
            jwks_file=self.jwks_file,
            telegram_timeout_s=self.timeout_s,
            telegram_token=SecretStr(TOKEN) if self.telegram else None,
            service_token=SecretStr(service_access.SERVICE_TOKEN),
        )


@dataclass
class Running:
    """A notifier inside of the test's process."""

    parts: ServiceParts
    context: ServiceContext
    http: httpx.AsyncClient

    async def summary(self) -> dict[str, Any]:
        """Return ``/v1/outbox``."""
        return dict((await self.http.get("/v1/outbox")).json())

    async def delivered(self, count: int, timeout: float = 20.0) -> None:
        """Wait until so many steps were delivered."""
        async with asyncio.timeout(timeout):
            while (await self.summary())["delivered"] < count:
                await asyncio.sleep(0.02)

    async def settled(self, timeout: float = 20.0) -> dict[str, Any]:
        """Wait until nothing waits in the outbox; return ``/v1/outbox``."""
        async with asyncio.timeout(timeout):
            while (summary := await self.summary())["waiting"]:
                await asyncio.sleep(0.02)
        return summary


@asynccontextmanager
async def running(site: Site) -> AsyncIterator[Running]:
    """Run a notifier with all its tasks, but without its TCP port; stop it gracefully at the end."""
    settings = site.settings()
    async with Bus(site.redis_url) as bus:
        context = ServiceContext("notifier", "test", settings, bus, Health(), Metrics("notifier"), asyncio.Event())
        parts = await build(context)
        tasks = [asyncio.ensure_future(task()) for task in parts.tasks.values()]
        transport = httpx.ASGITransport(app=parts.app, raise_app_exceptions=False)
        try:
            async with httpx.AsyncClient(
                transport=transport, base_url="http://notifier", headers=service_access.HEADERS
            ) as http:
                yield Running(parts, context, http)
        finally:
            context.stop.set()
            async with asyncio.timeout(8):
                await asyncio.gather(*tasks)
            for closer in parts.closers:
                await closer()


class NotifierProcess:
    """``python -m hackai_notifier`` as a process of its own."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._process: asyncio.subprocess.Process | None = None
        self.log = site.folder / "notifier.log"

    async def start(self) -> None:
        """Start it and wait until it answers."""
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "hackai_notifier", env=self._site.environment(), stdout=log, stderr=log
            )
        async with asyncio.timeout(60), httpx.AsyncClient(headers=service_access.HEADERS) as http:
            while True:
                assert self._process.returncode is None, self.log.read_text()
                try:
                    await http.get(f"http://127.0.0.1:{self._site.port}/healthz")
                except httpx.TransportError:
                    await asyncio.sleep(0.05)
                else:
                    return

    async def kill(self) -> None:
        """SIGKILL."""
        assert self._process is not None
        self._process.kill()
        await self._process.wait()

    async def stop(self) -> int:
        """SIGTERM; return the exit status."""
        assert self._process is not None
        if self._process.returncode is None:
            self._process.send_signal(signal.SIGTERM)
        return await self._process.wait()

    async def __aenter__(self) -> NotifierProcess:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()
