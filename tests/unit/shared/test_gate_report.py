"""hackai_shared.serving.gate_report."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Callable

import pytest

from hackai_shared.serving.gate_report import GateReport, Judged, RecallBounds, read_gate_report
from hackai_shared.serving.package import PackageError, open_package


def judged(**points: Any) -> Judged:
    """A report from pairs of threshold and recall."""
    named = {name: [{"threshold": t, "recall": r} for t, r in pairs] for name, pairs in points.items()}
    return Judged.model_validate({"variant": "fp32", **named})


def test_a_threshold_that_was_measured_has_one_figure() -> None:
    report = judged(fire_recall_at_threshold=[(0.5, 0.99), (0.7, 0.97)], fire_recall_at_false_alarm_rate=[(0.95, 0.9)])

    assert report.recall_of_fire(0.7) == RecallBounds(0.97, 0.97)


def test_an_older_report_bounds_what_it_does_not_know() -> None:
    report = judged(fire_recall_at_false_alarm_rate=[(0.95, 0.91), (0.985, 0.84)])

    assert report.recall_of_fire(0.5) == RecallBounds(0.91, 1.0)
    assert report.recall_of_fire(0.97) == RecallBounds(0.84, 0.91)
    assert report.recall_of_fire(0.99) == RecallBounds(0.0, 0.84)


def test_a_report_without_points_knows_nothing() -> None:
    assert judged().recall_of_fire(0.5) is None
    assert GateReport().of("fp32") is None


def test_the_reports_that_ship_can_be_read(root: Path) -> None:
    for folder in sorted((root / "models").glob("fire-classifier*/*")):
        package = open_package(folder)
        for variant in package.manifest.variants:
            report = read_gate_report(package).of(variant)
            assert report is not None
            bounds = report.recall_of_fire(0.5)
            assert bounds is not None
            assert 0.8 < bounds.low <= bounds.high <= 1.0


def test_a_package_without_a_report_and_a_damaged_one_are_named(
    tmp_path: Path, make_package: Callable[..., Path]
) -> None:
    folder = make_package(tmp_path, 1)
    package = open_package(folder)
    (folder / "gate.json").write_text(json.dumps({"evaluations": 3}))
    with pytest.raises(PackageError, match="evaluations"):
        read_gate_report(package)
    (folder / "gate.json").unlink()
    with pytest.raises(PackageError, match="No such file"):
        read_gate_report(package)
