"""Whole recipes on a few pictures: what a job leaves behind, and what the gate refuses."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from hackai_compression.errors import GateRefusedError
from hackai_compression.models_cli import app as models_app
from hackai_compression.pipeline.data import Folders
from hackai_compression.pipeline.progress import ProgressEvent
from hackai_compression.pipeline.run import run_recipe
from hackai_compression.recipes import Recipe, read_recipe
from hackai_compression.reports.page import write_report
from hackai_shared.serving.package import PackageError, open_package

pytestmark = [pytest.mark.torch, pytest.mark.timeout(300)]

CHAIN = """
name: chain
size: {size}
data: {{augmentation: {{harmless_scenes: 0, composites: 0}}, validation_fraction: 0.3}}
budget: {{max_quantization_drop: 1.0{budget}}}
steps:
  - {{do: train, name: teacher, architecture: {teacher}, training: {{epochs: 1, batch_size: 8}}}}
  - {{do: distill, architecture: squeezenet1_1, teacher: {{step: teacher}}, training: {{epochs: 1, batch_size: 8}}}}
  - {{do: {last}, name: subject{subject}}}
  - {{do: prune, ratio: 1.2, iterations: 1, importance: magnitude, final: {{epochs: 1, batch_size: 8}}}}
  - {{do: export}}
  - {{do: quantize, pictures: 9, methods: [minmax], max_fp32_layers: 0}}
  - {{do: judge, repetitions: 5}}
"""


def recipe(architecture: str, size: int = 64, budget: str = "") -> Recipe:
    subject = f", architecture: {architecture}, training: {{epochs: 1, batch_size: 8}}"
    return read_recipe(CHAIN.format(size=size, teacher=architecture, last="train", subject=subject, budget=budget))


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("pictures")
    rng = np.random.default_rng(0)
    for part in ("train", "test"):
        for channel, name in enumerate(("no_fire", "start_fire", "fire")):
            folder = base / part / name
            folder.mkdir(parents=True)
            for i in range(8):
                picture = rng.integers(0, 120, (64, 64, 3)).astype(np.uint8)
                picture[..., channel] |= 128
                cv2.imwrite(str(folder / f"{part}{i}.png"), picture)
    return base


@pytest.mark.parametrize("architecture", ["resnet18", "vgg16", "vit_b_16", "wide_resnet50_2", "resnet152"])
def test_train_distil_from_prune_quantize_export_judge(architecture: str, pictures: Path, tmp_path: Path) -> None:
    outcomes = run_recipe(recipe(architecture), Folders(pictures), tmp_path)
    by_name = {o.step: o for o in outcomes}
    assert by_name["prune"].figures["macs_ratio"] >= 1.2 * 0.98
    package = open_package(tmp_path / str(by_name["judge"].package))
    fp32, int8 = package.variant("fp32")[0], package.variant("int8")[0]
    assert fp32.size_bytes / int8.size_bytes >= 3.4
    assert package.manifest.architecture == architecture


def test_a_job_that_is_run_again_does_nothing_twice(pictures: Path, tmp_path: Path) -> None:
    events: list[ProgressEvent] = []
    first = run_recipe(recipe("resnet18"), Folders(pictures), tmp_path)
    again = run_recipe(recipe("resnet18"), Folders(pictures), tmp_path, events.append)
    assert again == first
    assert {e.kind for e in events} == {"skipped"}


def test_a_model_below_its_floor_is_refused_and_cannot_be_registered(pictures: Path, tmp_path: Path) -> None:
    with pytest.raises(GateRefusedError, match="bytes, the budget is 1000"):
        run_recipe(recipe("resnet18", budget=", max_size: 1000"), Folders(pictures), tmp_path)
    folder = tmp_path / "package" / "fire-classifier" / "1"
    with pytest.raises(PackageError, match="gate"):
        open_package(folder)
    page = write_report(tmp_path)
    assert "Refused" in page.read_text()
    assert json.loads((tmp_path / "report" / "report.json").read_text())["verdict"]["passed"] is False


def test_evaluate_prints_what_the_judge_found(pictures: Path, tmp_path: Path) -> None:
    outcomes = run_recipe(recipe("resnet18"), Folders(pictures), tmp_path)
    verdict = outcomes[-1].verdict
    assert verdict is not None
    folder = tmp_path / str(outcomes[-1].package)
    logging.disable(logging.CRITICAL)
    arguments = ["evaluate", str(folder), str(pictures / "test"), "--variant", "int8", "--json", "--repetitions", "5"]
    result = CliRunner().invoke(models_app, arguments)
    logging.disable(logging.NOTSET)
    assert result.exit_code == 0, result.output
    printed = json.loads(result.stdout.strip().splitlines()[-1])
    judged = next(e for e in verdict.evaluations if e.variant == "int8")
    for key in ("accuracy", "recall", "confusion", "auroc", "size_bytes", "macs"):
        assert printed[key] == json.loads(judged.model_dump_json())[key]
    page = write_report(tmp_path).read_text()
    assert page.count("<svg") == 2 + 2 * len(verdict.evaluations)
    assert "data:image/jpeg" in page
    assert "data:image/jpeg" not in write_report(tmp_path, pictures=False).read_text()
