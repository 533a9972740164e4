"""Will TensorRT 8.5 take this graph? Rules read in its importer's sources; no GPU is needed to check them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, numpy_helper

from hackai_compression.errors import LintError
from hackai_compression.exporting.trt85_operators import OPERATORS

MAX_OPSET = 16
MAX_IR = 8


def lint_for_tensorrt(path: Path) -> list[str]:
    """Findings, empty when the graph may be taken. `refuse` raises them."""
    model = onnx.load(path)
    graph = model.graph
    constants = {i.name: i for i in graph.initializer}
    for node in graph.node:
        if node.op_type == "Constant":
            for attribute in node.attribute:
                if attribute.name == "value":
                    constants[node.output[0]] = attribute.t
    findings = [*_versions(model), *_interface(graph), *_bytes(graph)]
    findings += [
        f"{node.name or node.output[0]}: operator {node.op_type} is not in TensorRT 8.5's importer"
        for node in graph.node
        if node.op_type not in OPERATORS or node.domain not in {"", "ai.onnx"}
    ]
    findings += _quantization(graph, constants)
    return findings


def refuse(path: Path) -> None:
    """Raises `LintError` with every finding."""
    findings = lint_for_tensorrt(path)
    if findings:
        raise LintError([f"{path.name}: {f}" for f in findings])


def _versions(model: onnx.ModelProto) -> list[str]:
    findings = []
    opset = max(o.version for o in model.opset_import if o.domain in {"", "ai.onnx"})
    if opset > MAX_OPSET:
        findings.append(f"opset {opset}: at most {MAX_OPSET}")
    if model.ir_version > MAX_IR:
        findings.append(f"IR version {model.ir_version}: at most {MAX_IR}")
    extra = sorted(o.domain for o in model.opset_import if o.domain not in {"", "ai.onnx", "ai.onnx.ml"})
    used = {n.domain for n in model.graph.node}
    findings += [f"domain {d} is used" for d in extra if d in used]
    return findings


def _interface(graph: onnx.GraphProto) -> list[str]:
    findings = []
    for value in graph.input:
        dims = value.type.tensor_type.shape.dim
        if any(d.dim_value <= 0 for d in list(dims)[1:]):
            findings.append(f"input {value.name}: only the batch may be dynamic")
        if value.type.tensor_type.elem_type not in {TensorProto.UINT8, TensorProto.FLOAT}:
            findings.append(f"input {value.name}: uint8 or float32 is expected")
    return findings


# What may happen to bytes before they are cast: the runtime moves the cast in front of these (TensorRT takes uint8 as
# the type of a network input only).
_MOVES_ONLY = {"Transpose", "Reshape", "Squeeze", "Unsqueeze", "Identity", "Flatten"}


def _bytes(graph: onnx.GraphProto) -> list[str]:
    raw = {v.name for v in graph.input if v.type.tensor_type.elem_type == TensorProto.UINT8}
    outputs = {o.name for o in graph.output}
    findings = []
    for node in graph.node:  # in topological order
        if not raw & set(node.input) or node.op_type == "Cast":
            continue
        if node.op_type in _MOVES_ONLY:
            raw |= set(node.output)
        else:
            findings.append(f"{node.name or node.output[0]}: {node.op_type} of uint8, which must be cast first")
    findings += [f"output {name} is uint8" for name in sorted(raw & outputs)]
    return findings


def _quantization(graph: onnx.GraphProto, constants: dict[str, TensorProto]) -> list[str]:
    findings: list[str] = []
    outputs = {o.name for o in graph.output}
    for node in graph.node:
        if node.op_type not in {"QuantizeLinear", "DequantizeLinear"}:
            continue
        where = node.name or node.output[0]
        if outputs & set(node.output):
            findings.append(f"{where}: QDQ on a graph output")
        if len(node.input) < 3:
            findings.append(f"{where}: the zero point is missing")
            continue
        scale, zero = (_array(constants.get(name)) for name in node.input[1:3])
        if scale is None or zero is None:
            findings.append(f"{where}: scale and zero point must be constants")
            continue
        if scale.dtype != np.float32:
            findings.append(f"{where}: scale is {scale.dtype}, float32 is expected")
        if not bool((scale > 0).all()):
            findings.append(f"{where}: a scale is not above 0 (a dead channel?)")
        if zero.dtype != np.int8:
            # TensorRT reads uint8 with zero point 0 silently as int8: wrong numbers, no error.
            findings.append(f"{where}: zero point is {zero.dtype}, int8 is expected")
        elif bool((zero != 0).any()):
            findings.append(f"{where}: zero point is not 0")
        if scale.size > 1 and node.input[0] not in constants:
            findings.append(f"{where}: per-channel scales on an activation")
    findings += _biases(graph)
    return findings


def _biases(graph: onnx.GraphProto) -> list[str]:
    dequantized = {n.output[0] for n in graph.node if n.op_type == "DequantizeLinear"}
    return [
        f"{n.name or n.output[0]}: the bias is quantized, FP32 is expected"
        for n in graph.node
        if n.op_type in {"Conv", "Gemm"} and len(n.input) > 2 and n.input[2] in dequantized
    ]


def _array(tensor: TensorProto | None) -> npt.NDArray[Any] | None:
    return None if tensor is None else numpy_helper.to_array(tensor)
