from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import pytest

from hackai_inference.runtimes.tensorrt.graph import graph_for_tensorrt
from hackai_shared.serving.package import ModelPackage


@pytest.mark.parametrize("variant", ["fp32", "int8-trt"])
def test_bytes_are_cast_before_anything_else_and_the_answers_stay(shipped: ModelPackage, variant: str) -> None:
    data = shipped.variant(variant)[1].read_bytes()

    changed = graph_for_tensorrt(data)

    model = onnx.load_from_string(changed)
    onnx.checker.check_model(model)
    assert {node.op_type for node in model.graph.node if "images" in node.input} == {"Cast"}
    pictures = np.random.default_rng(1).integers(0, 256, (2, 192, 192, 3)).astype(np.uint8)
    before, after = (
        onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"]).run(["logits"], {"images": pictures})[0]
        for graph in (data, changed)
    )
    np.testing.assert_array_equal(before, after)


def test_a_graph_that_casts_first_stays_as_it_is(colours: ModelPackage) -> None:
    data = colours.variant("fp32")[1].read_bytes()
    assert len(onnx.load_from_string(graph_for_tensorrt(data)).graph.node) == len(
        onnx.load_from_string(data).graph.node
    )
