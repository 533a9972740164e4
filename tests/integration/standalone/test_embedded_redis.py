"""The embedded server: its socket, its end, and a log that is damaged. All with the real server."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hackai_shared.bus import Bus
from hackai_standalone.embedded_redis import EmbeddedRedis, start_embedded_redis

NOBODY = 65534


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[EmbeddedRedis]:
    redis = await start_embedded_redis(tmp_path / "redis", durable=True)
    yield redis
    await redis.stop()


async def test_it_listens_on_a_socket_of_its_user_and_on_no_port(server: EmbeddedRedis) -> None:
    assert stat.S_IMODE(server.socket.stat().st_mode) == 0o600
    assert stat.S_IMODE(server.folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((server.folder / "url").stat().st_mode) == 0o600
    async with Bus(server.url) as bus:
        assert (await bus.client.info("server"))["tcp_port"] == 0


@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("setpriv") is None, reason="needs root to become another user")
async def test_another_user_can_neither_read_nor_order_nor_stop_it(server: EmbeddedRedis, tmp_path: Path) -> None:
    # The folders above are opened, so that the socket itself has to keep the other user out.
    for folder in (server.folder, tmp_path, *tmp_path.parents):
        if folder.stat().st_uid == 0 and folder != Path("/"):
            folder.chmod(folder.stat().st_mode | 0o755)
    script = (
        "import socket, sys\ns = socket.socket(socket.AF_UNIX)\ns.connect(sys.argv[1])\ns.sendall(b'SHUTDOWN\\r\\n')\n"
    )
    command = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "/usr/bin/env", "python3"]
    if subprocess.run([*command, "-c", "pass"], check=False, capture_output=True).returncode != 0:
        pytest.skip("no Python that another user may run")
    refused = subprocess.run([*command, "-c", script, str(server.socket)], check=False, capture_output=True, text=True)
    assert "PermissionError" in refused.stderr
    async with Bus(server.url) as bus:
        assert await bus.ping()


async def test_after_a_kill_it_is_there_again_with_what_it_held(server: EmbeddedRedis) -> None:
    async with Bus(server.url) as bus:
        await bus.client.xadd("incidents", {"message": "kept"})
        os.kill(server.child.pid, signal.SIGKILL)
        await server.child.wait()
        await server.start()
        assert [fields for _, fields in await bus.client.xrange("incidents")] == [{b"message": b"kept"}]
    assert server.repairs == []


@pytest.mark.parametrize("damage", [b"*3\r\n$3\r\nSET\r\n$1\r\nx\r\nGARBAGE", os.urandom(64), b"\0" * 4096])
async def test_a_damaged_log_is_kept_aside_and_what_came_before_the_damage_is_there(
    server: EmbeddedRedis, damage: bytes
) -> None:
    async with Bus(server.url) as bus:
        await bus.client.xadd("incidents", {"message": "before"})
    await server.stop()
    log = next((server.folder / "appendonlydir").glob("*.incr.aof"))
    with log.open("ab") as file:
        file.write(damage + b"*1\r\n$4\r\nPING\r\n" * 8)
    await server.start()
    async with Bus(server.url) as bus:
        assert [fields for _, fields in await bus.client.xrange("incidents")] == [{b"message": b"before"}]
    [repair] = server.repairs
    assert repair.truncated
    assert repair.kept is not None
    assert damage in next(repair.kept.glob("*.incr.aof")).read_bytes()


async def test_a_log_without_a_usable_part_is_kept_aside_and_begun_anew(server: EmbeddedRedis) -> None:
    await server.stop()
    (server.folder / "appendonlydir" / "appendonly.aof.manifest").write_bytes(b"\xff\xfe nonsense\n")
    await server.start()
    async with Bus(server.url) as bus:
        assert await bus.ping()
    [repair] = server.repairs
    assert not repair.truncated
    assert repair.kept is not None
    assert repair.kept.is_dir()


async def test_a_folder_with_a_long_name_still_gets_a_private_socket(tmp_path: Path) -> None:
    folder = tmp_path / ("x" * 90) / "redis"
    redis = await start_embedded_redis(folder, durable=False)
    try:
        assert stat.S_IMODE(redis.socket.parent.stat().st_mode) == 0o700
        assert (folder / "url").read_text() == redis.url
        with socket.socket(socket.AF_UNIX) as probe:
            probe.connect(str(redis.socket))
    finally:
        await redis.stop()
    assert sys.platform == "linux"
