"""``hackai bench`` on this CPU and on a GPU that insists on the rules of the real one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Callable, Iterator

import cv2
import numpy as np
import pytest

pytest.importorskip("typer", reason="the subcommands are for the `hackai` command; the service does without")
pytest.importorskip("rich", reason="the subcommands are for the `hackai` command; the service does without")
from typer.testing import CliRunner

from fake_tensorrt import FakeCuda, FakeTensorRt
from hackai_inference.bench.cli import app
from hackai_inference.runtimes import open_session
from hackai_inference.runtimes.tensorrt.bindings import Bindings
from hackai_inference.runtimes.tensorrt.loader import connect
from hackai_shared.serving.package import open_package

Make = Callable[..., Path]


@pytest.fixture
def models(tmp_path: Path, make_package: Make, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two versions of a small model, with an "INT8" variant that is the same file."""
    for version in (1, 2):
        folder = make_package(tmp_path / "models", version)
        manifest = json.loads((folder / "manifest.json").read_text())
        fp32 = {**manifest["variants"]["fp32"], "runtimes": ["onnxruntime", "tensorrt"]}
        manifest["variants"] = {
            "fp32": fp32,
            "int8": {**fp32, "precision": "int8", "runtimes": ["onnxruntime"]},
            "int8-trt": {**fp32, "precision": "int8", "runtimes": ["tensorrt"]},
        }
        (folder / "manifest.json").write_text(json.dumps(manifest))
    monkeypatch.setenv("HACKAI_MODELS_DIR", str(tmp_path / "models"))
    monkeypatch.setenv("HACKAI_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setattr("hackai_inference.bench.speed.WARM_UP", 1)
    return tmp_path / "models"


@pytest.fixture
def labelled(tmp_path: Path) -> Path:
    """Seventy plain pictures of each class: orange is fire, grey a starting fire, blue neither (BGR)."""
    colours = {"fire": (0, 120, 255), "start_fire": (150, 150, 150), "no_fire": (200, 60, 20)}
    for name, colour in colours.items():
        folder = tmp_path / "labelled" / name
        folder.mkdir(parents=True)
        picture = np.full((32, 32, 3), colour, np.uint8)
        for number in range(70):
            cv2.imwrite(str(folder / f"{number}.png"), picture)
    return tmp_path / "labelled"


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeTensorRt]:
    cuda = FakeCuda()
    trt = FakeTensorRt(cuda)
    connected = connect(Bindings(trt, cuda))
    monkeypatch.setattr("hackai_inference.runtimes.tensorrt.loader.this_gpu", lambda: connected)
    yield trt
    connected.thread.stop()
    assert cuda.leaks == []


def invoke(*arguments: str) -> Any:
    return CliRunner().invoke(app, ["--seconds", "0.1", *arguments], env={"COLUMNS": "200"})


def test_a_cpu_is_measured_in_each_precision(models: Path, tmp_path: Path) -> None:
    result = invoke("--json", str(tmp_path / "bench.json"))

    assert result.exit_code == 0, result.output
    report = json.loads((tmp_path / "bench.json").read_text())
    assert [(row["model"], row["variant"], row["precision"]) for row in report["rows"]] == [
        ("fire-classifier/2", "fp32", "fp32"),
        ("fire-classifier/2", "int8", "int8"),
    ]
    for row in report["rows"]:
        assert 0 < row["p50_ms"] <= row["p90_ms"] <= row["p99_ms"]
        assert row["pictures_per_s"] > 0
    assert "p50 ms" in result.output
    assert "load" in result.output


def test_the_picture_is_drawn(models: Path, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="pip install 'hackai-inference[bench]'")

    assert invoke("--picture", str(tmp_path / "bench.png")).exit_code == 0

    height, width, _ = cv2.imread(str(tmp_path / "bench.png")).shape
    assert width > 1000 < 20 * height


def test_the_gate_compares_on_a_cpu_too(models: Path, labelled: Path, tmp_path: Path) -> None:
    result = invoke("--gate", "--pictures", str(labelled), "--json", str(tmp_path / "bench.json"))

    (gate,) = json.loads((tmp_path / "bench.json").read_text())["gates"]
    assert (gate["report"]["pictures"], gate["report"]["reference_correct"], gate["loss_points"]) == (210, 210, 0.0)
    assert not gate["activated"]
    assert result.exit_code == (0 if gate["passed"] else 1)


@pytest.mark.parametrize(("fast", "variant"), [(True, "int8-trt"), (False, "fp32")])
def test_on_a_jetson_the_gate_decides_what_auto_takes(
    models: Path,
    labelled: Path,
    gpu: FakeTensorRt,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    fast: bool,
    variant: str,
) -> None:
    real = __import__("hackai_inference.bench.run", fromlist=["measure"]).measure

    def measured(session: Any, *arguments: Any, **options: Any) -> Any:
        from dataclasses import replace

        speed = real(session, *arguments, **options)
        return replace(speed, p50_ms=1.0 if fast and session.device.endswith("int8") else 2.0)

    monkeypatch.setattr("hackai_inference.bench.run.measure", measured)

    result = invoke("--runtime", "tensorrt", "--gate", "--pictures", str(labelled))

    assert result.exit_code == (0 if fast else 1), result.output
    assert ("is activated on this device" if fast else "is refused: 1.00 times as fast") in result.output
    assert len(gpu.builds) == 3
    package = open_package(models / "fire-classifier" / "2")
    loaded = open_session(package, "tensorrt", "auto", 1, tmp_path / "data" / "inference")
    assert loaded.variant == variant
    loaded.session.close()
    assert len(gpu.builds) == 3  # the service finds the plans of the benchmark


def test_what_cannot_be_built_is_named_and_the_rest_measured(models: Path, gpu: FakeTensorRt) -> None:
    gpu.fail_build = True

    result = invoke("--runtime", "tensorrt")

    assert result.exit_code == 1
    assert "no implementation for node /Conv" in result.output


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--gate",), "--gate needs --pictures"),
        (("--model", "nothing"), "no package nothing"),
        (("--runtime", "tflite"), "there is no tflite"),
        (("--runtime", "tensorrt"), "/etc/nv_tegra_release is missing"),
        (("--gate", "--pictures", "/nowhere"), "one folder per class"),
    ],
)
def test_what_cannot_be_done_is_explained(models: Path, arguments: "tuple[str, ...]", reason: str) -> None:
    result = invoke(*arguments)

    assert result.exit_code == 2
    assert reason in result.output
