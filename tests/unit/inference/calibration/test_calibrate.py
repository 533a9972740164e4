"""``hackai calibrate`` on recorded footage, with a real small model."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, Callable, Dict, List

import cv2
import numpy as np
import pytest

pytest.importorskip("typer", reason="the subcommands are for the `hackai` command; the service does without")
pytest.importorskip("matplotlib", reason="draws the picture")

from typer.testing import CliRunner, Result

from hackai_inference.calibration.cli import app
from hackai_shared.config import parse_config
from hackai_shared.serving.gate_report import CALIBRATION_THRESHOLDS

ORANGE, BLUE = (20, 120, 255), (200, 60, 30)
Colour = "tuple[int, int, int]"


def write_video(path: Path, colours: List[Any]) -> None:
    """Write a recording of 10 frames per second with one colour per frame."""
    path.parent.mkdir(exist_ok=True)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 10.0, (160, 96))
    for colour in colours:
        writer.write(np.full((96, 160, 3), colour, np.uint8))
    writer.release()


@pytest.fixture
def calibrate(
    tmp_path: Path, make_package: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Result]:
    """A function that calls the command for a camera that saw blue in its quiet footage."""
    make_package(tmp_path / "models")
    write_video(tmp_path / "quiet" / "a.avi", [BLUE] * 60)
    write_video(tmp_path / "fires" / "b.avi", [BLUE] * 10 + [ORANGE] * 50)
    (tmp_path / "config.yml").write_text("cameras:\n  front:\n    source: {type: pattern}\n")
    monkeypatch.setenv("HACKAI_MODELS_DIR", str(tmp_path / "models"))
    monkeypatch.setenv("HACKAI_CONFIG", str(tmp_path / "config.yml"))
    monkeypatch.setenv("HACKAI_DATA_DIR", str(tmp_path / "data"))

    def call(*options: Any) -> Result:
        arguments = ["--camera", "front", "--out", str(tmp_path / "out"), *(str(option) for option in options)]
        return CliRunner().invoke(app, arguments)

    return call


def test_quiet_footage_gives_a_section_for_the_configuration(calibrate: Callable[..., Result], tmp_path: Path) -> None:
    result = calibrate("--source", tmp_path / "quiet", "--fires", tmp_path / "fires")

    assert result.exit_code == 0, result.output
    assert "more quiet hours are needed" in result.output
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert report["threshold"] == 0.5
    assert report["proved"] is False
    assert [row["recall"] for row in report["rows"]] == [1.0] * 10
    assert all(1.0 < row["seconds"] < 4.0 for row in report["rows"])
    assert cv2.imread(str(tmp_path / "out" / "calibration.png")) is not None
    section = result.output[result.output.index("cameras:\n") :].replace(
        "    detection:", "    source: {type: pattern}\n    detection:"
    )
    budget = parse_config(section).cameras["front"].detection.budget
    assert budget is not None
    assert (budget.alarms, budget.model) == (0, "fire-classifier/1")


def test_a_camera_that_sees_fire_all_the_time_keeps_no_budget(calibrate: Callable[..., Result], tmp_path: Path) -> None:
    result = calibrate("--source", tmp_path / "fires")

    assert result.exit_code == 3
    assert "would alarm at 0.5: fire" in result.output
    assert "No threshold keeps the budget" in result.output


def test_a_bounded_run_ends_early(calibrate: Callable[..., Result], tmp_path: Path) -> None:
    calibrate("--source", tmp_path / "quiet", "--hours", 2 / 3600)

    assert json.loads((tmp_path / "out" / "report.json").read_text())["hours"] == pytest.approx(2 / 3600, abs=1e-4)


@pytest.mark.parametrize(
    ("options", "message", "code"),
    [
        (["--camera", "back", "--source", "x"], "no camera back", 1),
        (["--source", "nowhere"], "no recording", 1),
        (["--config", "nowhere.yml", "--source", "x"], "nowhere.yml", 78),
    ],
)
def test_what_is_wrong_is_named(calibrate: Callable[..., Result], options: List[str], message: str, code: int) -> None:
    result = calibrate(*options)

    assert result.exit_code == code
    assert message in result.output


def write_report(tmp_path: Path, evaluation: Dict[str, Any]) -> None:
    """Give the package another gate report, as a judge would have written it."""
    folder = tmp_path / "models" / "fire-classifier" / "1"
    text = json.dumps({"evaluations": [{"variant": "fp32", **evaluation}]}).encode()
    (folder / "gate.json").write_bytes(text)
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["gate"].update(sha256=hashlib.sha256(text).hexdigest(), size_bytes=len(text))
    (folder / "manifest.json").write_text(json.dumps(manifest))


def test_the_price_is_known_from_the_gate_report(calibrate: Callable[..., Result], tmp_path: Path) -> None:
    points = [{"threshold": t, "recall": round(1.0 - t / 10, 3)} for t in CALIBRATION_THRESHOLDS]
    write_report(tmp_path, {"fire_recall_at_threshold": points})
    result = calibrate("--source", tmp_path / "quiet")

    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert report["rows"][0]["on_pictures"] == [0.97, 0.97]
    assert "fire-classifier/1 fp32 puts above the threshold, from its gate report" in result.output
    assert "(--fires)" in result.output


def test_an_older_report_only_bounds_the_price_and_says_so(calibrate: Callable[..., Result], tmp_path: Path) -> None:
    write_report(tmp_path, {"fire_recall_at_false_alarm_rate": [{"rate": 0.01, "threshold": 0.9, "recall": 0.95}]})
    result = calibrate("--source", tmp_path / "quiet")

    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert report["rows"][0]["on_pictures"] == [0.95, 1.0]
    assert "only bounds it" in result.output


def test_a_report_without_any_figure_is_said(calibrate: Callable[..., Result], tmp_path: Path) -> None:
    result = calibrate("--source", tmp_path / "quiet")

    assert "says nothing about fires at a threshold" in result.output
