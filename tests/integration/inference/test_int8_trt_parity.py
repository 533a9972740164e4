"""The INT8 variant for TensorRT computes the same in two independent implementations of ONNX.

TensorRT itself cannot run here. What can be shown: the file means what ONNX says (the reference evaluator, in NumPy),
ONNX Runtime agrees, and the graph that the builder gets is the same function.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest

onnx = pytest.importorskip("onnx", reason="the package onnx has the reference evaluator")
from onnx import version_converter  # noqa: E402
from onnx.reference import ReferenceEvaluator  # noqa: E402

from hackai_inference.runtimes.tensorrt.graph import graph_for_tensorrt  # noqa: E402
from hackai_shared.serving.package import ModelPackage, open_package  # noqa: E402

#: The same arithmetic in another order; measured: 1e-7, and 4e-4 where a tie was rounded to the other side.
TOLERANCE = 2e-3
#: Rounded to another step here and there; measured: 0.01 for ONNX Runtime's fused kernels, 0.18 for FP32.
ROUNDING = 0.25


@pytest.fixture(scope="module")
def package(root: Path) -> ModelPackage:
    return open_package(root / "models" / "fire-classifier" / "1")


@pytest.fixture(scope="module")
def data(package: ModelPackage) -> bytes:
    return package.variant("int8-trt")[1].read_bytes()


@pytest.fixture(scope="module")
def pictures() -> Any:
    """Noise, and a smooth picture: bright orange fading into dark."""
    noise = np.random.default_rng(3).integers(0, 256, (192, 192, 3))
    fade = np.linspace(1, 0, 192)[:, None, None] * np.broadcast_to([255, 140, 30], (1, 192, 3))
    return np.stack([noise, fade]).astype(np.uint8)


def run(graph: bytes, pictures: Any, *, fused: bool) -> Any:
    options = onnxruntime.SessionOptions()
    levels = onnxruntime.GraphOptimizationLevel
    options.graph_optimization_level = levels.ORT_ENABLE_ALL if fused else levels.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    return session.run(["logits"], {"images": pictures})[0]


@pytest.mark.slow
def test_onnx_runtime_and_the_reference_agree(data: bytes, pictures: Any) -> None:
    model = onnx.load_from_string(data)
    del model.opset_import[:]  # names of domains that nothing in it uses
    model.opset_import.append(onnx.helper.make_opsetid("", 16))
    # The evaluator knows quantization from opset 19 on, where it means the same.
    evaluator = ReferenceEvaluator(version_converter.convert_version(model, 19))

    reference = evaluator.run(["logits"], {"images": pictures})[0]

    np.testing.assert_allclose(run(data, pictures, fused=False), reference, atol=TOLERANCE)


def test_the_builders_graph_is_the_same_function(data: bytes, pictures: Any) -> None:
    changed = run(graph_for_tensorrt(data), pictures, fused=False)
    np.testing.assert_allclose(changed, run(data, pictures, fused=False), atol=TOLERANCE)


def test_fused_int8_kernels_and_fp32_are_close(package: ModelPackage, data: bytes, pictures: Any) -> None:
    plain = run(data, pictures, fused=False)
    whole = run(package.variant("fp32")[1].read_bytes(), pictures, fused=True)

    np.testing.assert_allclose(run(data, pictures, fused=True), plain, atol=ROUNDING)
    np.testing.assert_allclose(whole, plain, atol=ROUNDING)
    assert (whole.argmax(axis=1) == plain.argmax(axis=1)).all()
