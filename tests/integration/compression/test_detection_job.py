"""A detection job from pictures to a package, and what `models evaluate` says of it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from hackai_compression.errors import DatasetError, GateRefusedError, RecipeError, WeightsError
from hackai_compression.models_cli import app as models_app
from hackai_compression.pipeline.data import Folders
from hackai_compression.pipeline.detection_data import read_boxed_parts
from hackai_compression.pipeline.job import Outcome
from hackai_compression.pipeline.progress import ProgressEvent
from hackai_compression.pipeline.run import run_recipe
from hackai_compression.recipes import Recipe, judged_on, load_recipe, read_recipe
from hackai_compression.reports.page import write_report
from hackai_shared.serving.package import PackageError, open_package

pytestmark = [pytest.mark.torch, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def boxes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A YOLO folder: an orange or a grey square on noise, every fourth picture without."""
    base = tmp_path_factory.mktemp("yolo")
    rng = np.random.default_rng(0)
    for split, count in (("train", 24), ("val", 12), ("elsewhere", 8)):
        place = "abroad" if split == "elsewhere" else "made"
        for kind in ("images", "labels"):
            (base / kind / split).mkdir(parents=True)
        for i in range(count):
            picture = rng.integers(0, 90, (96, 96, 3)).astype(np.uint8)
            text = ""
            if i % 4:
                x, y = (int(v) for v in rng.integers(4, 50, 2))
                picture[y : y + 40, x : x + 40] = (0, 120, 255) if i % 2 else (180, 180, 180)
                text = f"{0 if i % 2 else 1} {(x + 20) / 96} {(y + 20) / 96} {40 / 96} {40 / 96}\n"
            cv2.imwrite(str(base / "images" / split / f"{place}_{split}{i}.png"), picture)
            (base / "labels" / split / f"{place}_{split}{i}.txt").write_text(text, encoding="utf-8")
    return base


@pytest.fixture(scope="module")
def recipe(root: Path) -> Recipe:
    return load_recipe(root / "services" / "compression" / "recipes" / "smoke-test-detector.yml")


@pytest.fixture(scope="module")
def job(boxes: Path, recipe: Recipe, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Outcome]]:
    """The folder and the outcomes of a finished job."""
    out = tmp_path_factory.mktemp("job")
    return out, run_recipe(recipe, Folders(boxes, boxes), out)


def test_the_job_leaves_a_package_of_every_variant(job: tuple[Path, list[Outcome]]) -> None:
    out, outcomes = job
    package = open_package(out / str(outcomes[-1].package))
    assert package.manifest.task == "detection"
    assert set(package.manifest.variants) == {"fp32", "int8", "int8-trt"}
    assert set(package.manifest.thresholds) == {"overlap", "fire", "smoke", "drawn_fire", "drawn_smoke"}
    verdict = outcomes[-1].detection
    assert verdict is not None
    assert {e.backgrounds for e in verdict.evaluations} == {3}
    assert {e.pointing.of for e in verdict.evaluations if e.pointing is not None} == {9}
    assert [list(e.sources) for e in verdict.elsewhere] == [["boxes-abroad"]] * 3
    assert verdict.looks == {"test": 3, "elsewhere": 3}
    assert "elsewhere" in package.manifest.variants["int8"].metrics
    card = (package.folder / "README.md").read_text(encoding="utf-8")
    assert card.index("In places that are in no training") < card.index("On the test pictures")
    assert "mAP50" in card


def test_what_is_judged_on_validation_pictures_is_loaded_by_no_service(
    job: tuple[Path, list[Outcome]], boxes: Path, recipe: Recipe, tmp_path: Path
) -> None:
    out = tmp_path / "job"
    shutil.copytree(job[0], out)
    for path in (out / "recipe.json", out / "looks.json", *sorted(out.glob("*-judge"))):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    outcomes = run_recipe(judged_on(recipe, "validation"), Folders(boxes, boxes), out)
    verdict = outcomes[-1].detection
    assert verdict is not None
    assert (verdict.measured_on, verdict.elsewhere, verdict.looks) == ("validation", [], {"validation": 3})
    with pytest.raises(PackageError, match="no gate report"):
        open_package(out / str(outcomes[-1].package))
    assert "no gate has been passed" in write_report(out).read_text(encoding="utf-8")


def test_a_place_of_training_is_not_elsewhere(boxes: Path, recipe: Recipe, tmp_path: Path) -> None:
    copy = tmp_path / "yolo"
    shutil.copytree(boxes, copy)
    for path in list((copy / "images" / "elsewhere").iterdir()):
        path.rename(path.with_name(path.name.replace("abroad", "made")))
    with pytest.raises(DatasetError, match="boxes-made is in `train`"):
        read_boxed_parts(recipe, Folders(copy, copy))


def test_evaluate_prints_what_the_judge_found(job: tuple[Path, list[Outcome]], boxes: Path) -> None:
    out, outcomes = job
    arguments = ["evaluate", str(out / str(outcomes[-1].package)), str(boxes), "--json", "--repetitions", "5"]
    result = CliRunner().invoke(models_app, [*arguments, "--variant", "fp32"])
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    verdict = outcomes[-1].detection
    assert verdict is not None
    assert found["map50"] == verdict.evaluations[0].map50
    assert found["classes"]["fire"]["boxes"] == 6
    table = CliRunner().invoke(models_app, [*arguments[:3], "--repetitions", "5"])
    assert "mAP50" in table.stdout


def test_evaluate_says_which_folder_it_wants(job: tuple[Path, list[Outcome]], boxes: Path) -> None:
    out, outcomes = job
    result = CliRunner().invoke(models_app, ["evaluate", str(out / str(outcomes[-1].package)), str(boxes / "images")])
    assert result.exit_code == 1
    assert "not a YOLO folder" in " ".join(result.stderr.split())


def test_the_report_stands_alone(job: tuple[Path, list[Outcome]]) -> None:
    text = write_report(job[0]).read_text(encoding="utf-8")
    assert "<svg" in text
    assert 'src="http' not in text
    assert 'href="http' not in text


def test_a_detector_below_its_floor_is_refused(
    job: tuple[Path, list[Outcome]], boxes: Path, recipe: Recipe, tmp_path: Path
) -> None:
    strict = recipe.model_copy(update={"budget": recipe.budget.model_copy(update={"min_map50": 0.99})})
    with pytest.raises(GateRefusedError, match="the floor is"):
        run_recipe(strict, Folders(boxes, boxes), tmp_path)
    with pytest.raises(PackageError, match="no gate report"):
        open_package(tmp_path / "package" / recipe.package.name / "1")
    assert "Refused" in write_report(tmp_path).read_text(encoding="utf-8")


PRUNED = """
name: pruned-detector
task: detection
classes: [fire, smoke]
size: 64
data: {{leakage: drop, limit: 12, validation_fraction: 0.3, augmentation: {{mosaics: 0}}}}
package: {{name: pruned-detector}}
budget: {{max_quantization_drop: null, min_average_precision: 0}}
steps:
  - {{do: load, file: {file}}}
  - do: prune
    ratio: 1.6
    iterations: 2
    between: {{epochs: 1, batch_size: 4}}
    final: {{epochs: 1, batch_size: 4}}
  - {{do: export}}
  - {{do: quantize, variants: [int8], methods: [minmax], pictures: 8, max_fp32_layers: 0}}
  - {{do: judge, repetitions: 5}}
"""


class PowerCutError(RuntimeError):
    """The worker is no more."""


def test_a_detector_is_loaded_pruned_over_a_power_cut_quantized_and_judged(
    job: tuple[Path, list[Outcome]], boxes: Path, tmp_path: Path
) -> None:
    _, trained = job
    recipe = read_recipe(PRUNED.format(file=trained[0].network))

    def cut(event: ProgressEvent) -> None:
        if event.text.startswith("iteration 1: validation mAP50"):
            raise PowerCutError

    with pytest.raises(PowerCutError):
        run_recipe(recipe, Folders(boxes, boxes, job[0]), tmp_path, cut)
    loaded, pruned, exported, _, judged = run_recipe(recipe, Folders(boxes, boxes, job[0]), tmp_path)

    assert loaded.architecture == pruned.architecture == "efficientnet_lite0"
    assert pruned.notes[0] == "went on after pruning iteration 1 of 2"
    assert 1.6 * 0.98 <= pruned.figures["macs_ratio"] < 2.0
    assert "validation_map50" in pruned.figures
    assert exported.figures["parameters"] < trained[1].figures["parameters"]
    package = open_package(tmp_path / str(judged.package))
    assert set(package.manifest.variants) == {"fp32", "int8"}
    assert "pruned" in write_report(tmp_path).read_text(encoding="utf-8")


def test_a_detector_of_other_classes_is_not_loaded(
    job: tuple[Path, list[Outcome]], boxes: Path, tmp_path: Path
) -> None:
    _, trained = job
    text = PRUNED.format(file=trained[0].network).replace("[fire, smoke]", "[smoke, fire]")
    with pytest.raises(WeightsError, match="finds"):
        run_recipe(read_recipe(text), Folders(boxes, boxes, job[0]), tmp_path)


def test_steps_that_detectors_do_not_know_are_refused_before_anything_runs() -> None:
    text = (
        "name: x\ntask: detection\nclasses: [fire, smoke]\nsteps:\n  - {do: train, architecture: efficientnet_lite0}\n"
    )
    with pytest.raises(RecipeError, match="detectors are not distilled; `train` or `prune` them"):
        read_recipe(text + "  - {do: distill, teacher: {step: train}}\n")
    with pytest.raises(RecipeError, match="detectors are pruned without a `teacher`"):
        read_recipe(text + "  - {do: prune, teacher: {step: train}}\n")
    with pytest.raises(RecipeError, match="`qat` is for classifiers"):
        read_recipe(text + "  - {do: export}\n  - {do: quantize, qat: {epochs: 1}}\n")
