"""Brings stacks up; skipped with the reason where there is no engine."""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from compose.containers import PORTS, TOKEN, Containers


@pytest.fixture(scope="session")
def engine(root: Path) -> None:
    """An engine that answers."""
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


@pytest.fixture(scope="module")
def new_stack(
    engine: None, root: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., Containers]]:
    """Make a project of compose with empty volumes; it is taken down when the module's tests are over."""
    made: list[Containers] = []

    def make(project: str, **options: Any) -> Containers:
        folder = tmp_path_factory.mktemp("compose")
        (folder / "token").write_text(TOKEN)
        (folder / "token").chmod(0o444)  # a file secret keeps the mode of its file, and the service is not root
        stack = Containers(root, folder, {name: _free_port() for name in PORTS}, project=project, **options)
        stack.compose("down", "-v", "--remove-orphans")
        made.append(stack)
        return stack

    yield make
    for stack in made:
        stack.compose("down", "-v", "--remove-orphans")
