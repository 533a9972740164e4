"""What a graph costs before it runs: multiply-accumulates and parameters, read from the ONNX file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper


@dataclass(frozen=True)
class Cost:
    """Multiply-accumulates of one picture and stored weights (scales and zero points left out)."""

    macs: int
    parameters: int


def measure_cost(path: Path) -> Cost:
    """Counts convolutions and matrix products; a dynamic batch counts as one picture.

    Works on FP32 and QDQ graphs alike: a quantized weight is followed through its DequantizeLinear.
    """
    graph = onnx.shape_inference.infer_shapes(onnx.load(path)).graph
    shapes = {v.name: _dims(v) for v in (*graph.value_info, *graph.input, *graph.output)}
    weights = {i.name: tuple(i.dims) for i in graph.initializer}
    scales = {
        name
        for n in graph.node
        if n.op_type.endswith("QuantizeLinear") or n.op_type == "DequantizeLinear"
        for name in n.input[1:]
    }
    for node in graph.node:
        if node.op_type == "DequantizeLinear" and node.input[0] in weights:
            weights[node.output[0]] = weights[node.input[0]]
        elif node.op_type == "Constant" and node.attribute and node.attribute[0].HasField("t"):
            shapes[node.output[0]] = tuple(numpy_helper.to_array(node.attribute[0].t).shape)
    macs = sum(_macs(node, shapes, weights) for node in graph.node)
    parameters = sum(int(np.prod(i.dims)) for i in graph.initializer if i.name not in scales)
    return Cost(macs, parameters)


def _macs(node: onnx.NodeProto, shapes: dict[str, tuple[int, ...]], weights: dict[str, tuple[int, ...]]) -> int:
    if node.op_type == "Conv":
        kernel = weights.get(node.input[1], ())
        return int(np.prod(shapes.get(node.output[0], ())) * np.prod(kernel[1:])) if kernel else 0
    if node.op_type in {"Gemm", "MatMul"}:
        left = shapes.get(node.input[0], ())
        out = shapes.get(node.output[0], ())
        return int(np.prod(out) * left[-1]) if left and out else 0
    return 0


def _dims(value: onnx.ValueInfoProto) -> tuple[int, ...]:
    return tuple(d.dim_value if d.dim_value > 0 else 1 for d in value.type.tensor_type.shape.dim)
