from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from hackai_compression.errors import LintError
from hackai_compression.exporting.lint import lint_for_tensorrt, refuse
from hackai_compression.judging.cost import measure_cost
from hackai_compression.quantization.slim import slim


def graph(
    path: Path,
    *,
    scale: float = 0.1,
    zero: np.generic | None = None,
    operator: str = "Relu",
    opset: int = 16,
    side: int | str = 8,
) -> Path:
    """images -> QDQ -> 1x1 convolution with QDQ weights -> an operator -> logits."""
    constants = [
        numpy_helper.from_array(np.float32(scale), "scale"),
        numpy_helper.from_array(np.asarray(np.int8(0) if zero is None else zero), "zero"),
        numpy_helper.from_array(np.ones((4, 3, 1, 1), np.int8), "weight"),
        numpy_helper.from_array(np.full(4, 0.5, np.float32), "scales"),
        numpy_helper.from_array(np.zeros(4, np.int8), "zeros"),
    ]
    nodes = [
        helper.make_node("QuantizeLinear", ["images", "scale", "zero"], ["q"], "quantize"),
        helper.make_node("DequantizeLinear", ["q", "scale", "zero"], ["dq"], "dequantize"),
        helper.make_node("DequantizeLinear", ["weight", "scales", "zeros"], ["w"], "weights", axis=0),
        helper.make_node("Conv", ["dq", "w"], ["c"], "convolution"),
        helper.make_node(operator, ["c"], ["logits"], "last"),
    ]
    model = helper.make_model(
        helper.make_graph(
            nodes,
            "g",
            [helper.make_tensor_value_info("images", TensorProto.FLOAT, ["batch", 3, side, side])],
            [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", 4, side, side])],
            constants,
        ),
        opset_imports=[helper.make_opsetid("", opset)],
        ir_version=8,
    )
    onnx.save(model, path)
    return path


def test_a_graph_by_the_rules_passes(tmp_path: Path) -> None:
    assert lint_for_tensorrt(graph(tmp_path / "g.onnx")) == []


@pytest.mark.parametrize(
    ("change", "finding"),
    [
        ({"scale": 0.0}, "not above 0"),
        ({"zero": np.uint8(0)}, "uint8"),
        ({"zero": np.int8(3)}, "not 0"),
        ({"operator": "Gelu"}, "Gelu"),
        ({"opset": 17}, "opset 17"),
        ({"side": "side"}, "only the batch"),
    ],
)
def test_each_rule_refuses(change: dict[str, object], finding: str, tmp_path: Path) -> None:
    path = graph(tmp_path / "g.onnx", **change)  # type: ignore[arg-type]
    with pytest.raises(LintError) as caught:
        refuse(path)
    assert finding in str(caught.value)


def test_cost_follows_quantized_weights(tmp_path: Path) -> None:
    cost = measure_cost(graph(tmp_path / "g.onnx"))
    assert cost.macs == 8 * 8 * 4 * 3
    assert cost.parameters == 4 * 3


def test_a_slimmed_graph_keeps_its_interface(tmp_path: Path) -> None:
    model = onnx.load(graph(tmp_path / "g.onnx"))
    model.graph.node[3].name = "a/very/long/name/of/a/layer" * 10
    before = model.ByteSize()
    slim(model)
    onnx.checker.check_model(model)
    assert [v.name for v in (*model.graph.input, *model.graph.output)] == ["images", "logits"]
    assert model.ByteSize() < before - 200
