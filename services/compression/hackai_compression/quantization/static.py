"""Static post-training quantization to the two INT8 variants that ship."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import onnx
from onnxruntime.quantization import CalibrationMethod, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

from hackai_compression.datasets.samples import Sample
from hackai_compression.quantization.calibration import PictureReader
from hackai_compression.quantization.direct_input import feed_bytes_directly
from hackai_compression.quantization.slim import slim
from hackai_shared.serving.manifest import InputSpec

Int8Variant = Literal["int8", "int8-trt"]
Calibration = Literal["minmax", "percentile", "entropy"]

_METHODS = {
    "minmax": CalibrationMethod.MinMax,
    "percentile": CalibrationMethod.Percentile,
    "entropy": CalibrationMethod.Entropy,
}
_WEIGHTED = ["Conv", "Gemm", "MatMul"]
#: Activations are among them so that a convolution's output is rounded *behind* its Relu or Clip: in front of it, the
#: 256 steps span -30..40 where 0..6 is what passes (EfficientNet-Lite0: 1.8 % other answers, 0.3 % behind).
_OPERATORS = [*_WEIGHTED, "Relu", "Clip", "Concat", "MaxPool", "Add", "Mul", "AveragePool", "GlobalAveragePool"]


def quantize(
    source: Path,
    target: Path,
    calibration: Sequence[Sample],
    spec: InputSpec,
    *,
    variant: Int8Variant = "int8",
    method: Calibration = "minmax",
    keep_fp32: Sequence[str] = (),
    ranges: Path | None = None,
) -> None:
    """Writes a QDQ graph with per-channel INT8 weights.

    Weights have 7 bits, so that every x86 adds them up right. `int8` is u8 activations with s8 weights, asymmetric:
    what ONNX Runtime and OpenVINO run fast on x86. `int8-trt` is s8 with s8, symmetric, zero points 0, FP32 bias:
    what TensorRT 8.5 reads as explicit quantization. The nodes in `keep_fp32` and the head stay FP32 (the head is
    0.2 % of the weights and its outputs must carry no QDQ). `ranges` is a folder in which calibrated ranges are
    kept: who quantizes one source again, with other layers in FP32, calibrates once.
    """
    prepared = target.with_suffix(".prepared.onnx")
    # Symbolic shape inference is for language models; the sides here are static.
    quant_pre_process(str(source), str(prepared), skip_symbolic_shape=True)
    for_tensorrt = variant == "int8-trt"
    graph = onnx.load(prepared).graph
    options = {
        "ActivationSymmetric": for_tensorrt,
        "WeightSymmetric": True,
        "QuantizeBias": not for_tensorrt,
        "DedicatedQDQPair": for_tensorrt,
        "CalibTensorRangeSymmetric": for_tensorrt,
        # TensorRT fuses a convolution with what follows it; a rounding in between would forbid that.
        "OpTypesToExcludeOutputQuantization": _WEIGHTED if for_tensorrt else [],
    }
    if method == "percentile":
        options["CalibPercentile"] = 99.99
    previous = logging.root.level
    logging.root.setLevel(logging.ERROR)  # the quantizer recommends the preprocessing that was just done
    try:
        quantize_static(
            str(prepared),
            str(target),
            PictureReader(list(calibration), spec),
            quant_format=QuantFormat.QDQ,
            activation_type=QuantType.QInt8 if for_tensorrt else QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            per_channel=True,
            # Processors without VNNI add pairs of products in 16 bits, which 8-bit weights overflow.
            reduce_range=True,
            calibrate_method=_METHODS[method],
            op_types_to_quantize=_WEIGHTED if for_tensorrt else _OPERATORS,
            nodes_to_exclude=[*keep_fp32, *head_nodes(graph)],
            extra_options=options,
            calibration_cache_path=None if ranges is None else ranges / f"{variant}.{method}.json",
        )
    finally:
        logging.root.setLevel(previous)
        prepared.unlink(missing_ok=True)
    model = onnx.load(target)
    if not for_tensorrt:
        feed_bytes_directly(model.graph)
    slim(model)
    model.ir_version = 8
    onnx.checker.check_model(model)
    onnx.save(model, target)


def head_nodes(graph: onnx.GraphProto) -> list[str]:
    """Nodes from the outputs back to the last convolutions: a classifier's head and mean, a detector's decoding."""
    producers = {output: node for node in graph.node for output in node.output}
    waiting = [o.name for o in graph.output]
    found: dict[str, onnx.NodeProto] = {}
    while waiting:
        node = producers.get(waiting.pop())
        if node is None or node.output[0] in found:
            continue
        found[node.output[0]] = node
        if node.op_type not in {"Conv", "Gemm"}:
            waiting += node.input
    return [n.name for n in graph.node if n.output[0] in found]
