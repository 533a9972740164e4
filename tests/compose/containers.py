"""The product in containers, driven from outside: `docker compose`, HTTP, and signals to the processes on this host."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from hackai_shared.messages import DeliveryReport, IncidentEvent

TOKEN = "424242:emulated-bot-token-of-the-test-suite"
PORTS = (
    "TELEGRAM",
    "HACKAI_CAMERA",
    "HACKAI_INFERENCE",
    "HACKAI_NOTIFIER",
    "HACKAI_FACE_AUTH",
    "HACKAI_DASHBOARD",
    "HACKAI_COMPRESSION",
)
OVERRIDE = "tests/compose/compose.override.yml"


@dataclass
class Containers:
    """One project of compose with volumes of its own."""

    root: Path
    folder: Path
    ports: dict[str, int]
    project: str = "hackai-test"
    profiles: list[str] = field(default_factory=list)
    files: tuple[str, ...] = (OVERRIDE,)
    """Laid over docker-compose.yml, in this order."""
    variables: dict[str, str] = field(default_factory=dict)
    """Further values for `.env`."""

    def compose(self, *arguments: str, timeout_s: float = 300) -> str:
        """Run `docker compose …`; return its output."""
        flags = [part for file in ("docker-compose.yml", *self.files) for part in ("-f", file)]
        flags += [part for profile in self.profiles for part in ("--profile", profile)]
        done = subprocess.run(
            ["docker", "compose", "-p", self.project, *flags, *arguments],
            check=False,
            cwd=self.root,
            env={
                **os.environ,
                **{f"{name}_PORT": str(port) for name, port in self.ports.items()},
                "HACKAI_CONFIG_FILE": "./tests/compose/config.yml",
                "HACKAI_TELEGRAM_TOKEN_PATH": str(self.folder / "token"),
                **self.variables,
            },
            capture_output=True,
            text=True,
            errors="replace",  # streams hold pictures
            timeout=timeout_s,
        )
        assert done.returncode == 0, done.stderr[-4000:]
        return done.stdout

    def container(self, service: str) -> str:
        """The id of a service's container."""
        return self.compose("ps", "-aq", service).split()[0]

    def inspect(self, service: str) -> dict[str, Any]:
        """What the engine knows about it."""
        output = subprocess.run(
            ["docker", "inspect", self.container(service)], capture_output=True, text=True, check=True
        ).stdout
        return dict(json.loads(output)[0])

    def kill(self, service: str) -> None:
        """End the process as a crash does; `docker kill` would count as a stop by hand."""
        os.kill(int(self.inspect(service)["State"]["Pid"]), signal.SIGKILL)

    def healthy(self, service: str) -> bool:
        """Whether the engine calls it running and healthy."""
        state = self.inspect(service)["State"]
        return bool(state["Running"] and state.get("Health", {}).get("Status") == "healthy")

    def ready(self, service: str) -> bool:
        """Whether it says that its work was done lately; of Redis, which cannot say so, what the engine says."""
        port = self.ports.get(f"HACKAI_{service.upper()}")
        if port is None:
            return self.healthy(service)
        try:
            return httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=5).is_success
        except httpx.TransportError:
            return False

    def readiness(self, service: str) -> dict[str, Any]:
        """What it says about its own work."""
        port = self.ports[f"HACKAI_{service.upper()}"]
        return dict(httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=10).json())

    def token(self) -> str:
        """The secret by which the services know each other."""
        return self.compose("exec", "-T", "notifier", "cat", "/identity/service.token").strip()

    def redis(self, *command: str) -> str:
        """The answer of redis-cli."""
        return self.compose("exec", "-T", "redis", "redis-cli", "--raw", *command)

    def incidents(self) -> set[str]:
        """The ids of all incidents of our cameras that were ever opened."""
        events = [
            IncidentEvent.model_validate_json(text) for text in _messages(self.redis("xrange", "incidents", "-", "+"))
        ]
        return {
            event.incident_id
            for event in events
            if event.change == "opened" and event.camera_id in ("workshop", "store")
        }

    def delivered(self, step: str = "text") -> set[str]:
        """The ids of the incidents of which Telegram has accepted a step."""
        reports = [
            DeliveryReport.model_validate_json(text) for text in _messages(self.redis("xrange", "deliveries", "-", "+"))
        ]
        return {
            report.incident_id
            for report in reports
            if (report.channel, report.step, report.outcome) == ("telegram", step, "delivered")
        }

    def holders(self) -> set[str]:
        """The replicas that watch cameras, by the leases that have not run out."""
        now = 1000 * int(self.redis("time").split()[0])
        leases = [line.split(" ", 2) for line in self.redis("hvals", "inference:leases").splitlines()]
        return {holder for ends, _, holder in leases if int(ends) > now}

    def holder_of(self, service: str) -> str:
        """The name of a service's replica among the holders."""
        name = str(self.inspect(service)["Config"]["Hostname"])
        return next(holder for holder in self.holders() if holder.startswith(name))

    def disconnect(self, service: str, network: str) -> None:
        """Cut a container off from a network."""
        subprocess.run(["docker", "network", "disconnect", network, self.container(service)], check=True)

    def connect(self, service: str, network: str) -> None:
        """Mend it, under the name by which others call it."""
        subprocess.run(
            ["docker", "network", "connect", "--alias", service, network, self.container(service)], check=True
        )

    def texts(self) -> list[dict[str, Any]]:
        """What the emulated Telegram has accepted, newest last."""
        journal = httpx.get(f"http://127.0.0.1:{self.ports['TELEGRAM']}/emulator/journal", timeout=20).json()
        return [call for call in journal if call["method"] == "sendMessage" and call["status"] == 200]


def _messages(answer: str) -> list[str]:
    """The JSON documents among the (partly binary) lines of a stream."""
    return re.findall(r'^\{"schema_version".*\}$', answer, re.MULTILINE)


def until(condition: Callable[[], object], timeout_s: float, what: str) -> float:
    """Wait for a condition of another process; return the seconds that it took."""
    begun = time.monotonic()
    while not condition():
        assert time.monotonic() - begun < timeout_s, f"{what}: not within {timeout_s:g} s"
        time.sleep(0.5)
    return time.monotonic() - begun
