"""Brings the stack up once; skipped with the reason where there is no engine."""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from compose.containers import PORTS, TOKEN, Containers


def _engine(root: Path) -> None:
    starter = root.parent / "shared" / "bin" / "start-docker"
    if starter.exists():
        subprocess.run([str(starter)], check=False, capture_output=True, timeout=300)
    if (
        shutil.which("docker") is None
        or subprocess.run(["docker", "info"], check=False, capture_output=True).returncode
    ):
        pytest.skip("no Docker engine answers here")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def stack(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Containers]:
    """Redis, two cameras, inference, notifier and an emulated Telegram, with empty volumes."""
    _engine(root)
    folder = tmp_path_factory.mktemp("compose")
    (folder / "token").write_text(TOKEN)
    (folder / "token").chmod(0o444)  # a file secret keeps the mode of its file, and the service is not root
    stack = Containers(root, folder, {name: _free_port() for name in PORTS}, profiles=["scale"])
    services = ("redis", "identity", "telegram", "inference", "notifier", "camera")
    stack.compose("down", "-v", "--remove-orphans")
    stack.compose("build", "telegram", "camera", "inference", "notifier", timeout_s=1800)
    stack.compose("up", "-d", "--wait", *services)
    yield stack
    stack.compose("down", "-v", "--remove-orphans")
