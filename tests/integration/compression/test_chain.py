"""What a job leaves behind, what the gate refuses, and what its report says; one small job for all tests."""

from __future__ import annotations

import json
import logging
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hackai_compression.cli import app as compress_app
from hackai_compression.errors import GateRefusedError
from hackai_compression.models_cli import app as models_app
from hackai_compression.pipeline.data import Folders
from hackai_compression.pipeline.job import Outcome
from hackai_compression.pipeline.progress import ProgressEvent
from hackai_compression.pipeline.run import run_recipe
from hackai_compression.recipes import Recipe, read_recipe
from hackai_compression.reports.page import write_report
from hackai_shared.serving.package import PackageError, open_package

pytestmark = [pytest.mark.torch, pytest.mark.timeout(300)]

CHAIN = """
name: chain
size: 64
data: {{augmentation: {{}}, validation_fraction: 0.3, evenness: 0}}
budget: {{max_quantization_drop: 1.0{budget}}}
steps:
  - {{do: train, name: teacher, architecture: resnet18, training: {{epochs: 3, batch_size: 8}}}}
  - {{do: distill, architecture: squeezenet1_0, teacher: {{step: teacher}}, training: {{epochs: 1, batch_size: 8}}}}
  - {{do: train, architecture: squeezenet1_1, training: {{epochs: 25, batch_size: 8, learning_rate: 0.001}}}}
  - {{do: export}}
  - {{do: quantize, pictures: 9, methods: [minmax], max_fp32_layers: 0}}
  - {{do: judge, repetitions: 5}}
"""


def recipe(budget: str = "") -> Recipe:
    return read_recipe(CHAIN.format(budget=budget))


@pytest.fixture(scope="module")
def job(pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Outcome]]:
    """The folder and the outcomes of a finished job."""
    out = tmp_path_factory.mktemp("job")
    return out, run_recipe(recipe(), Folders(pictures), out)


def test_a_job_that_is_run_again_does_nothing_twice(job: tuple[Path, list[Outcome]], pictures: Path) -> None:
    out, first = job
    events: list[ProgressEvent] = []
    assert run_recipe(recipe(), Folders(pictures), out, events.append) == first
    assert {e.kind for e in events} == {"skipped"}


def test_a_model_below_its_floor_is_refused_and_cannot_be_registered(
    job: tuple[Path, list[Outcome]], pictures: Path, tmp_path: Path
) -> None:
    # The same job under a stricter budget: its networks are there, only the judge works.
    out = tmp_path / "strict"
    shutil.copytree(job[0], out)
    strict = recipe(", max_size: 1000")
    (out / "recipe.json").write_text(strict.model_dump_json(indent=1))
    shutil.rmtree(out / "05-judge")
    with pytest.raises(GateRefusedError, match="bytes, the budget is 1000"):
        run_recipe(strict, Folders(pictures), out)
    with pytest.raises(PackageError, match="gate"):
        open_package(out / "package" / "fire-classifier" / "1")
    assert "Refused" in write_report(out).read_text()
    assert json.loads((out / "report" / "report.json").read_text())["verdict"]["passed"] is False


def test_evaluate_prints_what_the_judge_found(job: tuple[Path, list[Outcome]], pictures: Path) -> None:
    out, outcomes = job
    verdict = outcomes[-1].verdict
    assert verdict is not None
    logging.disable(logging.CRITICAL)
    arguments = ["evaluate", str(out / str(outcomes[-1].package)), str(pictures / "test")]
    result = CliRunner().invoke(models_app, [*arguments, "--variant", "int8", "--json", "--repetitions", "5"])
    logging.disable(logging.NOTSET)
    assert result.exit_code == 0, result.output
    printed = json.loads(result.stdout.strip().splitlines()[-1])
    judged = next(e for e in verdict.evaluations if e.variant == "int8")
    for key in ("accuracy", "recall", "confusion", "auroc", "size_bytes", "macs"):
        assert printed[key] == json.loads(judged.model_dump_json())[key]


def test_the_report_shows_the_mistakes_and_can_leave_the_pictures_out(
    job: tuple[Path, list[Outcome]], tmp_path: Path
) -> None:
    out, outcomes = job
    verdict = outcomes[-1].verdict
    assert verdict is not None
    assert verdict.evaluations[0].confusion[0][1] == 1  # the blue picture that is labelled fire
    page = write_report(out).read_text()
    assert page.count("<svg") == 2 + 2 * len(verdict.evaluations)
    assert page.count("data:image/jpeg") == 2  # the picture and its heat-map
    published = tmp_path / "report.html"
    result = CliRunner().invoke(compress_app, ["report", str(out), "--without-pictures", "--to", str(published)])
    assert result.exit_code == 0, result.output
    assert "data:image/jpeg" not in published.read_text()
    assert str(out) not in published.read_text()
    assert "data:image/jpeg" in (out / "report" / "report.html").read_text()  # the job's own page stays as it was


def test_the_front_shows_every_network_of_the_chain(job: tuple[Path, list[Outcome]]) -> None:
    out, _ = job
    write_report(out)
    chain = json.loads((out / "report" / "report.json").read_text())["chain"]
    assert [p["name"] for p in chain] == ["teacher", "distill", "fp32", "int8", "int8-trt"]
    assert [p["architecture"] for p in chain][:3] == ["resnet18", "squeezenet1_0", "squeezenet1_1"]
    assert chain[2]["size_bytes"] > 3 * chain[3]["size_bytes"]
    assert all(0 < p["median_ms"] < 10_000 for p in chain)
