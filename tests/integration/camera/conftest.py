"""A camera service as a real process, and a network camera that can be unplugged."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import cv2
import httpx
import numpy as np
import pytest
import yaml

import service_access


class CameraProcess:
    """``python -m hackai_camera`` with a configuration."""

    def __init__(self, process: asyncio.subprocess.Process, port: int, log: Path) -> None:
        self.process = process
        self.http = httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=20, headers=service_access.HEADERS)
        self.log = log

    async def camera(self, camera_id: str) -> dict[str, Any]:
        answer = await self.http.get(f"/v1/cameras/{camera_id}")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def until(self, camera_id: str, condition: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Wait until the status of a camera fulfils a condition; return it."""
        async with asyncio.timeout(30):
            while True:
                status = await self.camera(camera_id)
                if condition(status):
                    return status
                await asyncio.sleep(0.03)

    async def answers(self) -> None:
        async with asyncio.timeout(30):
            while self.process.returncode is None:
                try:
                    await self.http.get("/healthz")
                    return
                except httpx.TransportError:
                    await asyncio.sleep(0.05)
        raise AssertionError(f"the service ended with {self.process.returncode}: {self.log.read_text()}")

    async def terminate(self, within_s: float = 5.0) -> int:
        """Send SIGTERM; return the exit status."""
        self.process.send_signal(signal.SIGTERM)
        return await asyncio.wait_for(self.process.wait(), within_s)


StartService = Callable[..., Awaitable[CameraProcess]]


@pytest.fixture
async def start_service(tmp_path: Path, redis_url: str, free_port: int) -> AsyncIterator[StartService]:
    """Return a function that starts the service with some cameras; it is stopped at the end."""
    started: list[CameraProcess] = []

    async def start(cameras: dict[str, Any], redis_url: str = redis_url, *, may_end: bool = True) -> CameraProcess:
        config = tmp_path / "config.yml"
        config.write_text(yaml.safe_dump({"cameras": cameras}))
        log = tmp_path / "camera.log"
        with log.open("wb") as stream:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "hackai_camera",
                env={
                    **os.environ,
                    "HACKAI_CAMERA_MAY_END": str(may_end),
                    "HACKAI_CONFIG": str(config),
                    "HACKAI_REDIS_URL": redis_url,
                    "HACKAI_CAMERA_PORT": str(free_port),
                    "HACKAI_HEARTBEAT_S": "0.2",
                    **service_access.ENVIRONMENT,
                },
                stderr=stream,
            )
        service = CameraProcess(process, free_port, log)
        started.append(service)
        await service.answers()
        return service

    yield start
    for service in started:
        await service.http.aclose()
        if service.process.returncode is None:
            service.process.kill()
            await service.process.wait()


class NetworkCamera:
    """A motion-JPEG camera over HTTP that can be unplugged, that can hang, and that comes back."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.hanging = False
        self.connections = 0
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self.jpegs = [_jpeg(value) for value in range(40, 200, 20)]

    @property
    def url(self) -> str:
        return f"http://root:geheim@127.0.0.1:{self.port}/live?password=geheim"

    async def plug_in(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)

    async def unplug(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        for writer in list(self._writers):
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.add(writer)
        try:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.0 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=part\r\n\r\n")
            number = 0
            while True:
                if not self.hanging:
                    jpeg = self.jpegs[number % len(self.jpegs)]
                    number += 1
                    head = f"--part\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
                    writer.write(head.encode() + jpeg + b"\r\n")
                    await writer.drain()
                await asyncio.sleep(0.05)
        except (ConnectionError, asyncio.IncompleteReadError):
            return
        finally:
            self._writers.discard(writer)
            writer.close()


def _jpeg(value: int) -> bytes:
    ok, data = cv2.imencode(".jpg", np.full((120, 160, 3), value, np.uint8))
    assert ok
    return data.tobytes()


@pytest.fixture
async def network_camera() -> AsyncIterator[NetworkCamera]:
    """A network camera, not yet plugged in."""
    probe = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port = probe.sockets[0].getsockname()[1]
    probe.close()
    await probe.wait_closed()
    camera = NetworkCamera(port)
    yield camera
    await camera.unplug()
