"""PyTorch to ONNX: uint8 pictures in, logits and class activations out, normalisation inside. Needs torch."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from torch import Tensor, nn

from hackai_compression.errors import ParityError
from hackai_compression.exporting.fold_pads import fold_pads
from hackai_compression.exporting.static_padding import freeze_padding
from hackai_compression.networks.classifier import FireClassifier

#: TensorRT 8.5 reads 17 on paper, but operators of 17 that matter (LayerNormalization) are missing there.
OPSET = 16
#: ONNX Runtime 1.19 (the last for Python 3.8) and TensorRT 8.5 read it.
IR_VERSION = 8
INPUT, LOGITS, CAM = "images", "logits", "cam"
#: Largest difference of a logit between PyTorch and ONNX Runtime, FP32 on both sides.
PARITY_TOLERANCE = 2e-3


class ServingGraph(nn.Module):
    """`images` (N, S, S, 3) uint8 RGB, as the decoder gives them -> (logits (N, C), cam (N, C, h, w)).

    The layout is the decoder's: one transpose of uint8 in the graph costs less than one of floats
    outside. Where the first convolution does not pad, the normalisation is folded into it.
    """

    def __init__(self, network: FireClassifier) -> None:
        super().__init__()
        self.network = copy.deepcopy(network).eval().to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
        first = next(m for m in self.network.features.modules() if isinstance(m, nn.Conv2d))
        self.folded = type(first) is nn.Conv2d and first.padding in {(0, 0), 0}
        if self.folded:
            fold_normalisation(first, self.network.mean.flatten(), self.network.std.flatten())

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """See the class."""
        pixels = images.permute(0, 3, 1, 2)
        pixels = pixels.float() if self.folded else self.network.normalise(pixels)
        result: tuple[Tensor, Tensor] = self.network(pixels)
        return result


@torch.no_grad()
def fold_normalisation(convolution: nn.Conv2d, mean: Tensor, std: Tensor) -> None:
    """Makes conv(x) equal to what conv((x - mean) / std) was. Exact only without zero padding."""
    weight = convolution.weight / std.view(1, 3, 1, 1)
    shift = -(weight * mean.view(1, 3, 1, 1)).sum(dim=(1, 2, 3))
    bias = torch.zeros(weight.shape[0]) if convolution.bias is None else convolution.bias
    convolution.weight = nn.Parameter(weight)
    convolution.bias = nn.Parameter(bias + shift)


def export_onnx(network: FireClassifier, image_size: int, path: Path) -> None:
    """Writes the FP32 graph: opset 16, IR 8, static side, dynamic batch; checked against PyTorch.

    Raises `ParityError` when ONNX Runtime computes something else than the network.
    """
    graph = ServingGraph(network).eval()
    example = example_pictures(image_size)
    write_graph(graph, example, (LOGITS, CAM), path)
    check_parity(graph, path, example)


def example_pictures(image_size: int) -> Tensor:
    """(2, S, S, 3) uint8 noise, always the same."""
    generator = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, (2, image_size, image_size, 3), dtype=torch.uint8, generator=generator)


def write_graph(graph: nn.Module, example: Tensor, outputs: Sequence[str], path: Path) -> None:
    """Exports a module of `images`, and takes out what the exporter says about this machine."""
    freeze_padding(graph, example)
    with warnings.catch_warnings():
        # The legacy exporter is deprecated; the new one cannot write opset 16.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            graph,
            (example,),
            str(path),
            dynamo=False,
            opset_version=OPSET,
            input_names=[INPUT],
            output_names=list(outputs),
            dynamic_axes={name: {0: "batch"} for name in (INPUT, *outputs)},
            do_constant_folding=True,
        )
    model = onnx.load(path)
    model.ir_version = IR_VERSION
    model.doc_string = ""
    for node in model.graph.node:
        node.doc_string = ""  # the exporter writes paths of this machine into it
    fold_pads(model)
    model = onnx.shape_inference.infer_shapes(model)
    onnx.checker.check_model(model)
    onnx.save(model, path)


def check_parity(graph: ServingGraph, path: Path, example: Tensor) -> float:
    """Largest difference of the logits on `example`; raises `ParityError` above the tolerance."""
    difference: float = check_outputs(graph, path, example, (LOGITS,))
    return difference


@torch.no_grad()
def check_outputs(graph: nn.Module, path: Path, example: Tensor, outputs: Sequence[str]) -> float:
    """Largest difference of outputs of `graph` (in its order) on `example`; raises `ParityError`."""
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    found = session.run(list(outputs), {INPUT: example.numpy()})
    largest: float = 0.0
    for name, value, expected in zip(outputs, found, graph(example), strict=False):
        wanted = expected.numpy()
        difference = float(np.abs(value - wanted).max())
        if not difference <= PARITY_TOLERANCE * max(1.0, float(np.abs(wanted).max())):
            raise ParityError(f"{path.name}: {name} differ from PyTorch's by {difference:.2e}")
        largest = max(largest, difference)
    return largest
