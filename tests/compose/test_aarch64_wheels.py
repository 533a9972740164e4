"""Everything that the Jetson's image installs from PyPI exists for its Python 3.8 on aarch64: a dry run of pip."""

from __future__ import annotations

import os
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

# Ubuntu 20.04 of L4T 35: glibc 2.31.
PLATFORMS = ("manylinux2014_aarch64", *(f"manylinux_2_{minor}_aarch64" for minor in range(17, 32)), "linux_aarch64")
# pycuda is compiled in the image (there are no wheels); these are what it pulls in.
OF_PYCUDA = ["pytools", "platformdirs", "mako"]


def wanted(root: Path) -> list[str]:
    """Return the requirements of ./shared[serving] and ./services/inference[tensorrt,bench]."""
    shared = tomllib.loads((root / "shared/pyproject.toml").read_text())["project"]
    inference = tomllib.loads((root / "services/inference/pyproject.toml").read_text())["project"]
    found = [*shared["dependencies"], *shared["optional-dependencies"]["serving"], *inference["dependencies"]]
    for extra in ("tensorrt", "bench"):
        found += inference["optional-dependencies"][extra]
    return [*(name for name in found if not name.startswith("hackai-")), *OF_PYCUDA]


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_every_pin_is_a_wheel_for_the_board(root: Path, tmp_path: Path) -> None:
    # pip reads markers such as `python_version < "3.9"` with the interpreter that it runs in, whatever it is told.
    python = root / ".venv-py38" / "bin" / "python"
    if not python.exists():
        pytest.skip("there is no environment with Python 3.8 (make test-py38)")
    # Without this machine's own index: one that hides what a package requires would let too new ones through.
    environment = {key: value for key, value in os.environ.items() if key != "PIP_FIND_LINKS"}
    command = [str(python), "-m", "pip", "install", "--dry-run", "--ignore-installed", "--target", str(tmp_path)]
    command += ["--only-binary", ":all:", "--implementation", "cp", "--python-version", "3.8"]
    for abi in ("cp38", "abi3", "none"):
        command += ["--abi", abi]
    for platform in PLATFORMS:
        command += ["--platform", platform]
    command += ["-c", str(root / "constraints-py38.txt"), *wanted(root)]

    answer = subprocess.run(
        command, capture_output=True, text=True, check=False, env={**environment, "PIP_CONFIG_FILE": os.devnull}
    )

    if re.search(r"NewConnectionError|ConnectTimeout|Temporary failure in name resolution", answer.stderr):
        pytest.skip("the package index cannot be reached")
    assert answer.returncode == 0, answer.stderr[-2000:]
    for pin in ("onnxruntime-1.19.2", "numpy-1.23.5", "onnx-1.17.0", "matplotlib-3.7.5", "cryptography-46.0.7"):
        assert pin in answer.stdout
