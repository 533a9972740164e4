from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from hackai_compression.errors import LintError
from hackai_compression.exporting.lint import lint_for_tensorrt, refuse
from hackai_compression.judging.cost import measure_cost
from hackai_compression.quantization.slim import slim
from hackai_shared.serving.package import open_package


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


def test_equal_constants_are_kept_once() -> None:
    x, y = (helper.make_tensor_value_info(n, TensorProto.FLOAT, [2]) for n in ("x", "y"))
    twice = [numpy_helper.from_array(np.float32([1, 2]), name) for name in ("one", "another")]
    other = numpy_helper.from_array(np.float32([1, 3]), "other")
    nodes = [
        helper.make_node("Add", ["x", "one"], ["a"]),
        helper.make_node("Mul", ["a", "another"], ["b"]),
        helper.make_node("Add", ["b", "other"], ["y"]),
    ]
    model = helper.make_model(helper.make_graph(nodes, "g", [x], [y], [*twice, other]), ir_version=8)
    slim(model)
    onnx.checker.check_model(model)
    assert len(model.graph.initializer) == 2
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    assert session.run(None, {"x": np.float32([3, 4])})[0].tolist() == [5.0, 15.0]


def planted(path: Path, nodes: list[onnx.NodeProto], constants: list[onnx.TensorProto], opset: int = 16) -> Path:
    """A graph of uint8 `images` (N, 8, 8, 3) to float `logits` that breaks a rule on purpose; not checked."""
    model = helper.make_model(
        helper.make_graph(
            nodes,
            "planted",
            [helper.make_tensor_value_info("images", TensorProto.UINT8, ["batch", 8, 8, 3])],
            [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", 8, 8, 3])],
            constants,
        ),
        opset_imports=[helper.make_opsetid("", opset)],
        ir_version=8,
    )
    onnx.save(model, path)
    return path


CAST = helper.make_node("Cast", ["images"], ["x"], "cast", to=TensorProto.FLOAT)
SCALE = numpy_helper.from_array(np.float32(0.1), "scale")
ZERO = numpy_helper.from_array(np.int8(0), "zero")


def test_layer_normalization_of_opset_17_is_refused(tmp_path: Path) -> None:
    ones = numpy_helper.from_array(np.ones(3, np.float32), "ones")
    normalise = helper.make_node("LayerNormalization", ["x", "ones"], ["logits"], "norm")
    findings = lint_for_tensorrt(planted(tmp_path / "g.onnx", [CAST, normalise], [ones], opset=17))
    assert any("opset 17" in finding for finding in findings)
    assert any("LayerNormalization is not in" in finding for finding in findings)


def test_a_bias_quantized_to_int32_is_refused(tmp_path: Path) -> None:
    constants = [
        numpy_helper.from_array(np.ones((3, 8, 1, 1), np.float32), "w"),
        numpy_helper.from_array(np.ones(3, np.int32), "b"),
        SCALE,
        numpy_helper.from_array(np.int32(0), "zero32"),
    ]
    bias = helper.make_node("DequantizeLinear", ["b", "scale", "zero32"], ["bias"], "dequantize bias")
    convolve = helper.make_node("Conv", ["x", "w", "bias"], ["logits"], "convolution")
    findings = lint_for_tensorrt(planted(tmp_path / "g.onnx", [CAST, bias, convolve], constants))
    assert any("bias is quantized" in finding for finding in findings)
    assert any("int32, int8 is expected" in finding for finding in findings)


def test_qdq_on_an_output_is_refused(tmp_path: Path) -> None:
    nodes = [
        CAST,
        helper.make_node("QuantizeLinear", ["x", "scale", "zero"], ["q"], "quantize"),
        helper.make_node("DequantizeLinear", ["q", "scale", "zero"], ["logits"], "dequantize"),
    ]
    findings = lint_for_tensorrt(planted(tmp_path / "g.onnx", nodes, [SCALE, ZERO]))
    assert findings == ["dequantize: QDQ on a graph output"]


def test_a_missing_zero_point_is_refused(tmp_path: Path) -> None:
    nodes = [
        CAST,
        helper.make_node("QuantizeLinear", ["x", "scale"], ["q"], "quantize"),
        helper.make_node("DequantizeLinear", ["q", "scale", "zero"], ["y"], "dequantize"),
        helper.make_node("Relu", ["y"], ["logits"], "last"),
    ]
    findings = lint_for_tensorrt(planted(tmp_path / "g.onnx", nodes, [SCALE, ZERO]))
    assert findings == ["quantize: the zero point is missing"]


def test_bytes_may_be_moved_but_not_computed_with(tmp_path: Path) -> None:
    move = helper.make_node("Transpose", ["images"], ["moved"], "move", perm=[0, 1, 2, 3])
    cast = helper.make_node("Cast", ["moved"], ["logits"], "cast", to=TensorProto.FLOAT)
    assert lint_for_tensorrt(planted(tmp_path / "g.onnx", [move, cast], [])) == []

    pool = helper.make_node("MaxPool", ["moved"], ["pooled"], "pool", kernel_shape=[1, 1])
    late = helper.make_node("Cast", ["pooled"], ["logits"], "cast", to=TensorProto.FLOAT)
    findings = lint_for_tensorrt(planted(tmp_path / "g.onnx", [move, pool, late], []))
    assert findings == ["pool: MaxPool of uint8, which must be cast first"]


def test_every_shipped_variant_for_tensorrt_passes(root: Path) -> None:
    checked = []
    for manifest in sorted((root / "models").glob("*/*/manifest.json")):
        package = open_package(manifest.parent)
        for name, variant in package.manifest.variants.items():
            if "tensorrt" in variant.runtimes:
                checked.append(name)
                assert lint_for_tensorrt(package.variant(name)[1]) == []
    assert {"fp32", "int8-trt"} <= set(checked)


def test_the_variant_for_cpus_would_be_read_wrongly_and_is_found(root: Path) -> None:
    """uint8 with zero point 0 is silently taken as int8 by TensorRT: why it must never get that file."""
    package = open_package(root / "models" / "fire-classifier" / "1")
    findings = lint_for_tensorrt(package.variant("int8")[1])
    assert any("uint8" in finding for finding in findings)
