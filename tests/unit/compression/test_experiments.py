from __future__ import annotations

from pathlib import Path

import pytest

from hackai_compression.errors import RecipeError
from hackai_compression.experiments import Result, differences, read_experiment


def test_differences_are_paired_by_seed() -> None:
    results = [
        *(Result("alone", s, 0.80 + 0.01 * s, 0.6, 1.0) for s in range(5)),
        # The fourth partner is missing: three pairs remain.
        *(Result("taught", s, 0.82 + 0.01 * s + 0.001 * (s % 2), None, 1.0) for s in (0, 1, 2)),
    ]
    (found,) = differences(results, "alone")
    assert (found.arm, found.measure, found.seeds) == ("taught", "accuracy", 3)
    assert found.mean == pytest.approx(2.03, abs=0.01)
    # Student's t with two degrees of freedom, 4.303, times 0.0577 / sqrt(3).
    assert found.high - found.mean == pytest.approx(0.14, abs=0.02)


def test_experiments_that_ship_are_valid(root: Path) -> None:
    paths = sorted((root / "services" / "compression" / "experiments").glob("*.yml"))
    assert paths
    for path in paths:
        experiment = read_experiment(path)
        # A claim needs seeds; a choice must not look at the test set; quantization is compared within each run.
        within = any(step.do == "quantize" for step in experiment.recipe.steps)
        assert len(experiment.seeds) >= 5 or experiment.measured_on == "validation" or within


def test_a_baseline_that_is_no_arm_is_refused(tmp_path: Path, root: Path) -> None:
    text = (root / "services/compression/experiments/distillation-mobilenet.yml").read_text()
    path = tmp_path / "wrong.yml"
    path.write_text(text.replace("baseline: alone", "baseline: nobody"))
    with pytest.raises(RecipeError, match="no arm"):
        read_experiment(path)
