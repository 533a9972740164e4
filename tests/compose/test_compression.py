"""The compression profile: its API takes a job over HTTP, its worker trains, exports, quantises and judges it."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import httpx
import numpy as np
import pytest

from compose.containers import Containers, until

pytestmark = [pytest.mark.compose, pytest.mark.slow, pytest.mark.timeout(1200)]

# The class is the colour: one epoch learns it.
CHANNELS = {"no_fire": 0, "start_fire": 1, "fire": 2}
RECIPE = {
    "name": "tiny",
    "size": 32,
    "data": {"validation_fraction": 0.3},
    "budget": {"max_quantization_drop": 1.0, "max_size": 1_000_000, "min_recall": 0},
    "steps": [
        {"do": "train", "architecture": "squeezenet1_1", "training": {"epochs": 1, "batch_size": 8}},
        {"do": "export"},
        {"do": "quantize", "variants": ["int8"], "pictures": 8, "methods": ["minmax"], "max_fp32_layers": 0},
        {"do": "judge", "repetitions": 5},
    ],
}


@pytest.fixture
def datasets(tmp_path: Path) -> Path:
    """A folder of datasets that the user of the containers may read."""
    rng = np.random.default_rng(0)
    for part in ("train", "test"):
        for name, channel in CHANNELS.items():
            folder = tmp_path / "datasets" / "pictures" / part / name
            folder.mkdir(parents=True)
            for number in range(8):
                picture = rng.integers(0, 120, (64, 64, 3)).astype(np.uint8)
                picture[..., channel] |= 128
                cv2.imwrite(str(folder / f"{part}{number}.png"), picture)
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)
    return tmp_path / "datasets"


def test_a_job_is_taken_over_http_and_finished_by_the_worker(
    new_stack: Callable[..., Containers], datasets: Path
) -> None:
    if subprocess.run(
        ["docker", "image", "inspect", "hackai/compression"], check=False, capture_output=True
    ).returncode:
        pytest.skip("hackai/compression, several GB, is not built: docker compose --profile compression build")
    stack = new_stack("hackai-forge", profiles=["compression"], variables={"HACKAI_DATASETS": str(datasets)})
    stack.compose("up", "-d", "--wait", "redis", "identity", "compression", "compression-worker", timeout_s=600)
    token = stack.compose("exec", "-T", "compression", "cat", "/identity/service.token").strip()
    api = httpx.Client(
        base_url=f"http://127.0.0.1:{stack.ports['HACKAI_COMPRESSION']}/v1",
        headers={"Authorization": f"Bearer {token}"},
        timeout=30,
    )

    begun = time.monotonic()
    answer = api.post("/jobs", json={"recipe": RECIPE, "pictures": "pictures"})
    assert answer.is_success, answer.text
    job = answer.json()["id"]

    def ended() -> dict[str, Any] | None:
        record = dict(api.get(f"/jobs/{job}").json())
        return record if record["state"] not in ("queued", "running") else None

    until(ended, 900, "the job ended")
    record = ended()
    assert record is not None
    assert record["state"] == "finished", record
    print(f"\nfinished {time.monotonic() - begun:.1f} s after it was submitted")
    files = stack.compose("exec", "-T", "compression", "find", "/data", "-name", "*.onnx", "-o", "-name", "report.html")
    assert "int8" in files
    assert "report.html" in files
