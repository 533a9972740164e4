"""Prometheus with the shipped configuration looks at the running product: what rules and dashboard ask for is there."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from e2e.stack import Stack, running_stack
from hackai_standalone.ports import free_port

pytestmark = pytest.mark.timeout(400)

METRIC = re.compile(r"\bhackai_[a-z_]+")
# What must be watched, and the alert that does it.
WATCHED = {
    "age of frames": "NoFreshFrames",
    "latency of inference": "InferenceSlow",
    "latency of confirmation": "ConfirmedLate",
    "latency of delivery": "DeliveredLate",
    "age of the outbox": "OutboxWaits",
    "dropped frames": "FramesDropped",
    "faults of cameras": "CameraFault",
    "dead letters": "DeadLetters",
}


@pytest.fixture
def prometheus() -> str:
    """The server's program."""
    program = shutil.which("prometheus")
    if program is None:
        pytest.skip("there is no program `prometheus` here (apt-get install prometheus)")
    return program


@pytest.fixture
def promtool() -> str:
    """The program that checks rules."""
    program = shutil.which("promtool")
    if program is None:
        pytest.skip("there is no program `promtool` here (apt-get install prometheus)")
    return program


def alerts(root: Path) -> dict[str, str]:
    """The expressions of the shipped alert rules."""
    groups = yaml.safe_load((root / "deploy/prometheus/alerts.yml").read_text())["groups"]
    return {rule["alert"]: rule["expr"] for group in groups for rule in group["rules"]}


def panels(root: Path) -> list[str]:
    """The expressions of the shipped dashboard."""
    dashboard = json.loads((root / "deploy/grafana/dashboards/hackai.json").read_text())
    return [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]


def configuration(root: Path, stack: Stack, folder: Path) -> Path:
    """The shipped configuration; only where things are is rewritten, for there are no containers and no DNS here."""
    config = yaml.safe_load((root / "deploy/prometheus/prometheus.yml").read_text())
    config["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    config["rule_files"] = [str(root / "deploy/prometheus/alerts.yml")]
    (job,) = config["scrape_configs"]
    token = folder / "token"
    token.write_text((stack.folder / "data" / "service.token").read_text())
    job["authorization"]["credentials_file"] = str(token)
    job["static_configs"] = [
        {"targets": [f"127.0.0.1:{stack.ports[name]}"], "labels": {"__meta_dns_name": name}}
        for entry in job.pop("dns_sd_configs")
        for name in entry["names"]
        if name in stack.ports
    ]
    path = folder / "prometheus.yml"
    path.write_text(yaml.safe_dump(config))
    return path


@asynccontextmanager
async def serving(program: str, config: Path, folder: Path) -> AsyncIterator[httpx.AsyncClient]:
    """Run Prometheus; yield a client of its API."""
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        program,
        f"--config.file={config}",
        f"--storage.tsdb.path={folder / 'tsdb'}",
        f"--web.listen-address=127.0.0.1:{port}",
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}/api/v1", timeout=10) as client:
            async with asyncio.timeout(30):
                while True:
                    assert process.returncode is None, "Prometheus does not start"
                    try:
                        if (await client.get("/status/buildinfo")).is_success:
                            break
                    except httpx.TransportError:
                        await asyncio.sleep(0.1)
            yield client
    finally:
        process.terminate()
        await process.wait()


async def ask(client: httpx.AsyncClient, query: str) -> list[dict[str, Any]]:
    """The series that an expression yields now."""
    answer = (await client.get("/query", params={"query": query})).json()
    assert answer["status"] == "success", answer
    return list(answer["data"]["result"])


async def test_all_that_rules_and_dashboard_ask_for_is_exported(prometheus: str, tmp_path: Path, root: Path) -> None:
    folder = tmp_path / "prometheus"
    folder.mkdir()
    clip = root / "services/standalone/hackai_standalone/clip/demo.mp4"
    cameras = {
        "room": {"source": {"type": "pyav", "url": str(clip)}},
        "lost": {"source": {"type": "pyav", "url": "rtsp://127.0.0.1:1/nobody"}},  # its fault is told after 20 s
    }
    async with (
        running_stack(tmp_path, root, cameras, ready_s=150) as stack,
        serving(prometheus, configuration(root, stack, folder), folder) as client,
    ):
        async with asyncio.timeout(180):
            while not await ask(client, "hackai_notifier_steps_total > 0") or not await ask(
                client, "hackai_camera_fault"
            ):
                await asyncio.sleep(0.5)

        targets = (await client.get("/targets")).json()["data"]["activeTargets"]
        assert {target["labels"]["service"]: target["lastError"] for target in targets} == dict.fromkeys(
            ("camera", "inference", "notifier"), ""
        )
        wanted = set(METRIC.findall(" ".join([*alerts(root).values(), *panels(root)])))
        missing = {name for name in wanted if not await ask(client, name)}
        assert not missing
        for expression in panels(root):
            assert await ask(client, expression), f"nothing to show for {expression}"
        rules = (await client.get("/rules")).json()["data"]["groups"][0]["rules"]
        assert {rule["name"]: rule.get("lastError", "") for rule in rules} == dict.fromkeys(alerts(root), "")


def test_every_danger_has_its_alert(root: Path) -> None:
    assert set(WATCHED.values()) <= set(alerts(root))


def test_alerts_fire_when_they_should_and_only_then(promtool: str, root: Path) -> None:
    done = subprocess.run(
        [promtool, "test", "rules", str(root / "tests/e2e/alerts.test.yml")],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
