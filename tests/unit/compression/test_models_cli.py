"""`hackai models evaluate` on the package that ships, without torch."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hackai_compression.models_cli import app
from hackai_shared.serving.gate_report import CALIBRATION_THRESHOLDS


def test_one_json_object_with_everything(root: Path, picture_folder: Path) -> None:
    package = root / "models" / "fire-classifier" / "1"
    arguments = ["evaluate", str(package), str(picture_folder / "test"), "--json", "--repetitions", "5"]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert found["variant"] == "int8"
    assert found["pictures"] == 24
    assert sum(map(sum, found["confusion"])) == 24
    assert set(found["recall"]) == {"fire", "no_fire", "start_fire"}
    # Eight harmless pictures show no false-alarm rate of 1 %.
    assert found["fire_recall_at_false_alarm_rate"] == found["alarm_recall_at_false_alarm_rate"] == []
    assert (found["alarm"]["recall"]["of"], found["alarm"]["false_alarms"]["of"]) == (16, 8)
    assert found["accuracy_interval"]["low"] < found["accuracy"] < found["accuracy_interval"]["high"]
    assert set(found["alarm"]["sources"]) == {"test"}
    curve = found["fire_recall_at_threshold"]
    assert [p["threshold"] for p in curve] == list(CALIBRATION_THRESHOLDS)
    assert [p["recall"] for p in curve] == sorted((p["recall"] for p in curve), reverse=True)
    assert [p["rate"] for p in curve] == sorted((p["rate"] for p in curve), reverse=True)
    assert found["size_bytes"] == (package / "model.int8.onnx").stat().st_size
    assert found["latency"][0]["median_ms"] > 0


@pytest.mark.parametrize("variant", ["fp32", "int8-trt"])
def test_every_variant_and_a_table_for_people(root: Path, picture_folder: Path, variant: str) -> None:
    package = root / "models" / "fire-classifier" / "1"
    result = CliRunner().invoke(
        app, ["evaluate", str(package), str(picture_folder / "test"), "--variant", variant, "--repetitions", "5"]
    )
    assert result.exit_code == 0, result.output
    assert "MMAC" in result.stdout
    assert "by source, as shipped" in result.stdout


@pytest.mark.parametrize("folder", ["nowhere", "train/fire"])
def test_what_cannot_be_judged_is_said(root: Path, picture_folder: Path, folder: str) -> None:
    package = root / "models" / "fire-classifier" / "1"
    result = CliRunner().invoke(app, ["evaluate", str(package), str(picture_folder / folder)])
    assert result.exit_code == 1
    assert "error" in result.stderr


def test_the_command_line_imports_neither_torch_nor_plots() -> None:
    code = (
        "import sys; import hackai_compression.cli, hackai_compression.models_cli, hackai_compression.api; "
        "print([m for m in ('torch', 'torchvision', 'timm', 'matplotlib', 'optuna') if m in sys.modules])"
    )
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert printed.strip() == "[]"
