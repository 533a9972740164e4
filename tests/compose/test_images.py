"""What is in the images: their size, their user, and nothing that should not be there."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from typing import Any

import pytest

pytestmark = [pytest.mark.compose, pytest.mark.timeout(300)]

# Megabytes as `docker images` counts them.
LIMITS_MB = {"camera": 350, "inference": 450, "notifier": 350, "face_auth": 700, "dashboard": 350}
SECRET = re.compile(
    r"BEGIN [A-Z ]*PRIVATE KEY|\b\d{8,10}:[A-Za-z0-9_-]{35}\b|\bgh[pousr]_[A-Za-z0-9]{36}\b|://[^/\s:@]+:[^/\s@]+@"
    r"|(?i:password|secret|token)=[^\s\"'$]{8,}"
)
# Files of the runtime user outside of volumes and /tmp, shell histories, package indexes with credentials, keys.
LOOK = r"""
cd /
find . -xdev \( -path ./proc -o -path ./sys -o -path ./dev -o -path ./tmp -o -path ./var/tmp -o -path ./run/lock \
  -o -path ./data -o -path ./identity -o -path ./face-models \) -prune -o ! -type l -writable -print 2>/dev/null \
  | sed 's/^/writable /'
find . -xdev \( -path ./proc -o -path ./sys \) -prune -o \( -name '.*_history' -o -name .netrc -o -name .pypirc \
  -o -name 'id_rsa*' -o -name 'id_ed25519*' -o -name .env -o -name .git -o -name '*.token' \) -print 2>/dev/null \
  | sed 's/^/secret /'
for tool in gcc cc g++ ld as make; do command -v $tool > /dev/null && echo "compiler $tool"; done
id -u | sed 's/^/user /'
"""


def _docker(*command: str) -> str:
    return subprocess.run(["docker", *command], check=True, capture_output=True, text=True, timeout=240).stdout


def built(name: str) -> str:
    """The name of an image, if it was built (`make images`)."""
    if (
        shutil.which("docker") is None
        or subprocess.run(["docker", "info"], check=False, capture_output=True).returncode
    ):
        pytest.skip("no Docker engine answers here")
    image = f"hackai/{name}"
    if subprocess.run(["docker", "image", "inspect", image], check=False, capture_output=True).returncode:
        pytest.skip(f"{image} is not built: make images")
    return image


@pytest.fixture(params=sorted(LIMITS_MB))
def image(request: pytest.FixtureRequest) -> str:
    """Each image in turn."""
    return built(str(request.param))


def _inspect(image: str) -> dict[str, Any]:
    return dict(json.loads(_docker("image", "inspect", image))[0])


def test_an_image_keeps_to_its_size(image: str) -> None:
    assert _inspect(image)["Size"] / 1e6 <= LIMITS_MB[image.removeprefix("hackai/")]


def test_an_image_runs_as_a_user_without_rights_under_an_init(image: str) -> None:
    config = _inspect(image)["Config"]
    assert config["User"] == "10001:10001"
    assert config["Entrypoint"] == ["tini", "--"]
    assert config["Healthcheck"]["Test"]
    labels = config["Labels"]
    assert {f"org.opencontainers.image.{key}" for key in ("title", "version", "licenses", "revision")} <= set(labels)


def test_no_secret_is_in_the_history_or_the_environment(image: str) -> None:
    history = _docker("history", "--no-trunc", "--format", "{{.CreatedBy}}", image)
    environment = "\n".join(_inspect(image)["Config"]["Env"])
    assert not SECRET.search(history)
    assert not SECRET.search(environment)


def test_the_runtime_user_can_write_nothing_outside_of_volumes_and_finds_no_secrets(image: str) -> None:
    found = _docker("run", "--rm", "--network", "none", "--entrypoint", "sh", image, "-c", LOOK).split("\n")
    assert [line for line in found if line] == ["user 10001"]


WITHOUT_FFMPEG = """
import cv2, numpy
print(cv2.VideoCapture("clip.mp4").isOpened(), cv2.VideoCapture("clip.mp4", cv2.CAP_FFMPEG).isOpened(), flush=True)
large = numpy.eye(200, dtype=numpy.float32)
try:
    cv2.solve(large, large)
except cv2.error as error:
    print(error)
"""


@pytest.mark.parametrize("name", ["inference", "face_auth"])
def test_what_was_taken_out_of_opencv_says_so_and_ends_nothing(name: str) -> None:
    image = built(name)
    done = subprocess.run(
        ["docker", "run", "--rm", "--network", "none", "--entrypoint", "python", image, "-c", WITHOUT_FFMPEG],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("False False\nsgesv_: OpenCV is without FFmpeg, OpenBLAS and AV1 in this image")
    assert "avformat_open_input: OpenCV is without" in done.stderr or "av_init_packet: OpenCV is without" in done.stderr
