"""A detector to ONNX: uint8 pictures in, boxes and scores out, decoded inside. Needs torch."""

from __future__ import annotations

import copy
from pathlib import Path

import torch
from torch import Tensor, nn

from hackai_compression.exporting.export import check_outputs, example_pictures, write_graph
from hackai_compression.networks.detector import FireDetector

OUTPUTS = ("boxes", "scores")


class DetectionGraph(nn.Module):
    """`images` (N, S, S, 3) uint8 RGB -> (boxes (N, K, 4) in fractions of the input, scores (N, K, C))."""

    def __init__(self, network: FireDetector) -> None:
        super().__init__()
        self.network = copy.deepcopy(network).eval().to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """See the class."""
        raw = self.network(self.network.normalise(images.permute(0, 3, 1, 2)))
        decoded: tuple[Tensor, Tensor] = self.network.decode(raw)
        return decoded


def export_detector(network: FireDetector, path: Path) -> None:
    """Writes the FP32 graph: opset 16, IR 8, static side, dynamic batch.

    Raises `ParityError` when ONNX Runtime computes something else than the network.
    """
    graph = DetectionGraph(network).eval()
    example = example_pictures(network.image_size)
    write_graph(graph, example, OUTPUTS, path)
    check_outputs(graph, path, example, OUTPUTS)
