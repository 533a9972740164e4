"""NVIDIA's own parser and builder on every model that ships, through our builder. No GPU is needed for that.

TensorRT for RTX parses and builds without a driver, and nothing else: it cannot run a plan here. It is laxer than 8.5,
so that the lint of the compression worker is needed as well. Proprietary and x86-64 only, so it is no dependency:
``make test-rtx``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

trt: Any = pytest.importorskip("tensorrt_rtx", reason="TensorRT for RTX is not installed (make test-rtx)")
pytest.importorskip("onnx", reason="the graph is rewritten with the package onnx")
from hackai_inference.runtimes.tensorrt.builder import BuildError, build_plan, make_logger  # noqa: E402
from hackai_inference.runtimes.tensorrt.plan_key import Precision, Profile  # noqa: E402
from hackai_shared.serving.package import ModelPackage, open_package  # noqa: E402

# It warns that its timing cache does nothing; TensorRT's own does.
pytestmark = pytest.mark.filterwarnings("ignore:Use Deprecated in TensorRT-RTX:DeprecationWarning")

ROOT = Path(__file__).resolve().parents[3]
SHIPPED = [
    (open_package(path.parent), variant)
    for path in sorted((ROOT / "models").glob("*/*/manifest.json"))
    for variant, entry in open_package(path.parent).manifest.variants.items()
    if "tensorrt" in entry.runtimes
]


@pytest.fixture(scope="module")
def logger() -> Any:
    return make_logger(trt)


def build(package: ModelPackage, data: bytes, precision: Precision, logger: Any) -> Any:
    spec = package.manifest.input
    shape = (spec.height, spec.width, 3) if spec.layout == "NHWC" else (3, spec.height, spec.width)
    return build_plan(
        trt, logger, data, input_name=spec.name, input_shape=shape, profile=Profile(), precision=precision
    )


def test_there_are_models_to_build() -> None:
    assert {"fp32", "int8-trt"} <= {variant for _, variant in SHIPPED}


@pytest.mark.parametrize(("package", "variant"), SHIPPED, ids=lambda value: getattr(value, "id", value))
def test_every_shipped_model_is_parsed_and_built(package: ModelPackage, variant: str, logger: Any) -> None:
    path = package.variant(variant)[1]

    built = build(package, path.read_bytes(), "int8" if variant == "int8-trt" else "fp16", logger)

    assert len(built.plan) > path.stat().st_size / 4


def test_the_graph_as_it_ships_is_refused_so_the_rewrite_is_needed(
    logger: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = open_package(ROOT / "models" / "fire-classifier" / "1")
    monkeypatch.setattr("hackai_inference.runtimes.tensorrt.builder.graph_for_tensorrt", lambda data: data)

    with pytest.raises(BuildError, match="UInt8"):
        build(package, package.variant("fp32")[1].read_bytes(), "fp16", logger)


def test_what_is_no_graph_is_refused_with_a_reason(logger: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    package = open_package(ROOT / "models" / "fire-classifier" / "1")
    monkeypatch.setattr("hackai_inference.runtimes.tensorrt.builder.graph_for_tensorrt", lambda data: data)

    with pytest.raises(BuildError, match="does not take the graph"):
        build(package, b"not a graph", "fp16", logger)
