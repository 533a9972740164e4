"""The images for arm64: built and started under emulation, which says that they work, not how fast."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from compose.containers import until

pytestmark = [pytest.mark.compose, pytest.mark.slow, pytest.mark.timeout(3600)]

BASE = "python:3.11-slim-bookworm"
# An engine that pulls gets the base for arm64 by itself; one that cannot may have it under this name.
LOCAL_BASE = f"local/{BASE}-arm64"
PORTS = {"camera": 8081, "notifier": 8083, "face_auth": 8084, "dashboard": 8080, "inference": 8082}
REDIS = os.environ.get("REDIS_IMAGE", "redis:7-bookworm")
ASK = "import urllib.request as u; print(u.urlopen('http://127.0.0.1:{port}/healthz', timeout=20).read().decode())"
PLATFORM = ("--platform", "linux/arm64")


def docker(*command: str, timeout_s: float = 120) -> subprocess.CompletedProcess[str]:
    """Run `docker …`; return what became of it."""
    return subprocess.run(["docker", *command], capture_output=True, text=True, check=False, timeout=timeout_s)


@pytest.fixture(scope="module")
def emulator(engine: None) -> None:
    """Programs for arm64 run here, or there is nothing to try."""
    binfmt = Path("/proc/sys/fs/binfmt_misc/qemu-aarch64")
    if os.uname().machine != "aarch64" and not binfmt.exists():
        pytest.skip("no emulator for arm64 is registered (qemu-user-static)")


@pytest.fixture(scope="module")
def network(emulator: None) -> Iterator[str]:
    """A network with Redis in it, and a volume with the identity of the services."""
    name = "hackai-arm64"
    docker("network", "create", name)
    docker("run", "-d", "--rm", "--name", f"{name}-redis", "--network", name, "--network-alias", "redis", REDIS)
    yield name
    docker("rm", "-f", f"{name}-redis")
    docker("network", "rm", name)
    docker("volume", "rm", "-f", f"{name}-face-models")


def face_models(service: str, network: str, image: str, root: Path) -> tuple[str, ...]:
    """The volume of models that the face service wants, filled as `docker-compose.yml` fills it."""
    if service != "face_auth":
        return ()
    compose = yaml.safe_load((root / "docker-compose.yml").read_text())
    command = compose["services"]["face-models"]["command"]
    volume = f"{network}-face-models:/face-models"
    filled = docker("run", "--rm", *PLATFORM, "-v", volume, image, *command, timeout_s=900)
    assert filled.returncode == 0, filled.stderr[-2000:]
    return ("-v", f"{volume}:ro")


@pytest.mark.parametrize("service", PORTS)
def test_an_image_for_arm64_is_built_and_answers(service: str, network: str, root: Path) -> None:
    given = docker("image", "inspect", LOCAL_BASE).returncode == 0
    base = ("--build-context", f"{BASE}=docker-image://{LOCAL_BASE}") if given else ()
    image = f"hackai/{service}:arm64"
    file = ("-f", str(root / f"services/{service}/Dockerfile"))
    built = docker("buildx", "build", *PLATFORM, *base, *file, "-t", image, "--load", str(root), timeout_s=3000)
    assert built.returncode == 0, built.stderr[-3000:]
    assert docker("image", "inspect", "-f", "{{.Architecture}}", image).stdout.strip() == "arm64"

    name = f"{network}-{service}"
    mounts = (
        "-v",
        f"{root / 'deploy/demo.yml'}:/etc/hackai/config.yml:ro",
        *face_models(service, network, image, root),
    )
    environment = ("-e", "HACKAI_REDIS_URL=redis://redis:6379/0", "-e", "HACKAI_SERVICE_TOKEN=" + "t" * 43)
    hardened = ("--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL")
    try:
        docker("run", "-d", *PLATFORM, "--name", name, "--network", network, *hardened, *mounts, *environment, image)
        ask = ("exec", name, "python", "-c", ASK.format(port=PORTS[service]))
        took = until(lambda: docker(*ask).returncode == 0, 600, f"{service} answers")
        print(f"\n{service} for arm64 answers {took:.0f} s after its start, under emulation")
        assert '"ok":true' in docker(*ask).stdout.replace(" ", "")
    finally:
        print(docker("logs", "--tail", "20", name).stderr[-2000:])
        docker("rm", "-f", "-v", name)
