"""The services of one machine: who is started in which order, and with which environment."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import structlog

from hackai_shared.security import new_service_token
from hackai_standalone.child import Child

log = structlog.get_logger(__name__)

# A box that is busy: all services start at once after a power cut.
READY_TIMEOUT_S = 180.0
# Receivers first: nothing that a camera publishes may find nobody listening. They stop in the reverse order, so that
# an alarm that was confirmed a moment ago is still taken and delivered.
START_ORDER = ("notifier", "inference", "camera")


class StackError(RuntimeError):
    """A service did not start; the message says which and where its log is."""


def _service_token() -> str:
    """Return the configured service token, or a fresh one: nobody has to make one up for a single machine."""
    return os.environ.get("HACKAI_SERVICE_TOKEN") or new_service_token()


@dataclass(frozen=True)
class Plan:
    """What is common to all services of one run."""

    config: Path
    redis_url: str
    models_dir: Path
    data_dir: Path
    ports: Mapping[str, int]
    log_dir: Path | None = None
    """Folder for one log file per service; None: everything to stderr."""
    log_format: str = "console"
    heartbeat_s: float = 2.0
    extra: Mapping[str, str] = field(default_factory=dict)
    service_token: str = field(default_factory=_service_token, repr=False)
    """By which the services of this run know each other."""

    def environment(self) -> dict[str, str]:
        """Return the variables that every service gets."""
        addresses = {f"HACKAI_{name.upper()}_URL": self.url(name) for name in self.ports}
        ports = {f"HACKAI_{name.upper()}_PORT": str(port) for name, port in self.ports.items()}
        return {
            "HACKAI_CONFIG": str(self.config),
            "HACKAI_REDIS_URL": self.redis_url,
            "HACKAI_MODELS_DIR": str(self.models_dir),
            "HACKAI_DATA_DIR": str(self.data_dir),
            "HACKAI_LOG_FORMAT": self.log_format,
            "HACKAI_HEARTBEAT_S": str(self.heartbeat_s),
            "HACKAI_SERVICE_TOKEN": self.service_token,
            **ports,
            **addresses,
            **self.extra,
        }

    def url(self, service: str) -> str:
        """Return the base URL of a service."""
        return f"http://127.0.0.1:{self.ports[service]}"

    def log_path(self, service: str) -> Path | None:
        """Return where a service logs to."""
        return None if self.log_dir is None else self.log_dir / f"{service}.log"


async def start_service(plan: Plan, name: str) -> Child:
    """Start one service as a process of its own."""
    box = os.environ.get("HACKAI_INSTANCE") or socket.gethostname()
    # The same name after a restart: it goes on at once with what it held, instead of waiting until that runs out.
    environment = {**plan.environment(), "HACKAI_INSTANCE": f"{box}-{name}"}
    command = (sys.executable, "-m", f"hackai_{name}")
    return await Child.start(name, *command, environment=environment, log_path=plan.log_path(name))


async def wait_until_listening(plan: Plan, child: Child) -> None:
    """Wait until a service answers ``/healthz``.

    Raises:
        StackError: it ended, or did not answer within ``READY_TIMEOUT_S``.
    """
    deadline = asyncio.get_running_loop().time() + READY_TIMEOUT_S
    async with httpx.AsyncClient(timeout=2.0) as client:
        while True:
            if child.status is not None:
                raise StackError(f"{child.name} ended with status {child.status}{_tail(plan.log_path(child.name))}")
            try:
                answer = await client.get(plan.url(child.name) + "/healthz")
                if answer.is_success:
                    return
            except httpx.TransportError:
                log.debug("not yet listening", service=child.name)
            if asyncio.get_running_loop().time() > deadline:
                raise StackError(
                    f"{child.name} did not answer within {READY_TIMEOUT_S:g} s{_tail(plan.log_path(child.name))}"
                )
            await asyncio.sleep(0.05)


def _tail(path: Path | None) -> str:
    if path is None or not path.exists():
        return ""
    lines = path.read_text(errors="replace").splitlines()[-15:]
    return f"; the end of {path}:\n" + "\n".join(lines)
