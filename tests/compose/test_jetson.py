"""The files for the Jetson merge with the others into what the board needs. Nothing is started here."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from hackai_shared.jetson.release import IMAGE

USABLE_BYTES = 6.8 * 2**30
pytestmark = pytest.mark.skipif(
    shutil.which("docker") is None
    or subprocess.run(["docker", "compose", "version"], capture_output=True, check=False).returncode != 0,
    reason="docker compose is not installed",
)


@pytest.fixture
def merged(root: Path) -> Any:
    """Merge the base with files for the Jetson; every variable that must be given is given."""

    def merge(*names: str) -> dict[str, Any]:
        if not (root / "docker-compose.yml").exists():
            pytest.skip("docker-compose.yml is not there")
        files = [f"--file={root / name}" for name in ("docker-compose.yml", *names)]
        needed = re.findall(
            r"\$\{(\w+):\?", "".join((root / name).read_text() for name in ("docker-compose.yml", *names))
        )
        environment = {**os.environ, **dict.fromkeys(needed, "given")}
        answer = subprocess.run(
            ["docker", "compose", *files, "config", "--format=json"],
            capture_output=True,
            text=True,
            check=False,
            env=environment,
        )
        assert answer.returncode == 0, answer.stderr
        return json.loads(answer.stdout)

    return merge


def test_only_inference_is_an_l4t_image(merged: Any) -> None:
    services = merged("docker-compose.jetson.yml")["services"]

    assert {name for name, service in services.items() if service.get("runtime") == "nvidia"} == {"inference"}
    inference = services["inference"]
    assert inference["image"].endswith(f"l4t-r{IMAGE}")
    assert inference["build"]["dockerfile"] == "services/inference/Dockerfile.jetson"
    assert inference["environment"]["NVIDIA_VISIBLE_DEVICES"] == "all"
    assert inference["healthcheck"]["start_period"] == "20m0s"


def test_plans_have_a_volume_of_their_own_and_a_host_that_is_no_jetson_is_refused(merged: Any) -> None:
    mounts = {
        mount["target"]: mount for mount in merged("docker-compose.jetson.yml")["services"]["inference"]["volumes"]
    }

    assert mounts["/data/inference/engines"]["source"] == "engines"
    release = mounts["/etc/nv_tegra_release"]
    assert release["read_only"]
    assert not release["bind"].get("create_host_path")


def test_the_limits_fit_a_board_of_8_gb(merged: Any) -> None:
    services = merged("docker-compose.jetson.yml", "docker-compose.jetson-csi.yml")["services"]
    always = {name: service for name, service in services.items() if not service.get("profiles")}
    limits = {
        name: service.get("mem_limit") or service.get("deploy", {}).get("resources", {}).get("limits", {}).get("memory")
        for name, service in always.items()
    }

    assert [name for name, limit in limits.items() if limit is None] == []
    assert sum(int(limit) for limit in limits.values()) <= USABLE_BYTES, limits


def test_a_csi_camera_gets_the_gpu_and_the_folder_of_the_daemon(merged: Any) -> None:
    camera = merged("docker-compose.jetson.yml", "docker-compose.jetson-csi.yml")["services"]["camera"]

    assert camera["runtime"] == "nvidia"
    assert camera["environment"]["NVIDIA_VISIBLE_DEVICES"] == "all"
    assert "/host-tmp" in {mount["target"] for mount in camera["volumes"]}


def test_a_usb_camera_is_a_device(merged: Any) -> None:
    camera = merged("docker-compose.jetson.yml", "docker-compose.jetson-usb.yml")["services"]["camera"]

    (device,) = camera["devices"]
    assert json.dumps(device).count("/dev/video0") >= 1


def test_the_image_is_built_without_a_gpu(root: Path) -> None:
    text = (root / "services/inference/Dockerfile.jetson").read_text()
    steps = "\n".join(line for line in text.splitlines() if not line.startswith("#"))

    assert f"ARG BASE=nvcr.io/nvidia/l4t-jetpack:r{IMAGE}" in steps
    assert "import tensorrt" not in steps
    assert steps.index("pip==25.0.1") < steps.index("pycuda")  # an old pip finds no aarch64 wheels
    assert "syntax=" not in text  # builds where no frontend can be pulled
