"""A detector that goes on from a shipped package: its FP32 graph holds all weights, normalisation folded into them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn

from hackai_compression.errors import WeightsError
from hackai_compression.networks.detector import FireDetector
from hackai_compression.networks.detectors import CUTS, DetectorArchitecture
from hackai_shared.serving.package import PackageError, open_package


def load_packaged_detector(folder: Path) -> tuple[FireDetector, DetectorArchitecture]:
    """The network in `eval()`, which computes what the package's `fp32` variant computes.

    Its normalisation is the identity; :func:`restore_normalisation` makes it trainable. Raises `WeightsError` for a
    package that cannot be opened, that this worker did not make, or whose channels were pruned.
    """
    try:
        package = open_package(folder, require_gate=False)
        _, path = package.variant("fp32")
    except PackageError as error:
        raise WeightsError(str(error)) from error
    manifest = package.manifest
    name = next((name for name in CUTS if manifest.architecture.startswith(f"{name},")), None)
    if manifest.task != "detection" or name is None:
        raise WeightsError(f"{folder} is not a detector that this worker made; {', '.join(CUTS)} are known")
    architecture = DetectorArchitecture(name, tuple(manifest.classes), manifest.input.height)
    network = architecture.build().eval()
    layers, graph = _layers(network), onnx.load(path).graph
    tensors = {i.name: torch.from_numpy(np.array(numpy_helper.to_array(i))) for i in graph.initializer}
    convolutions = [n for n in graph.node if n.op_type == "Conv"]
    if len(convolutions) != len(layers):
        raise WeightsError(f"{path} has {len(convolutions)} convolutions, {name} has {len(layers)}")
    for (layer, norm), node in zip(layers, convolutions, strict=True):
        _fill(layer, norm, [tensors[i] for i in node.input[1:]], f"{path}: {node.name}")
    return network, architecture


@torch.no_grad()
def restore_normalisation(network: FireDetector, pixels: Tensor) -> None:
    """Gives every normalisation the statistics of what reaches it, and the scale that undoes them.

    The network computes what it did, and batches normalise in training what pictures (N, 3, S, S) like these show.
    """
    network.eval()
    handles = [norm.register_forward_pre_hook(_measure) for _, norm in _layers(network) if norm is not None]
    try:
        network(network.normalise(pixels))
    finally:
        for handle in handles:
            handle.remove()


def _measure(norm: nn.Module, inputs: tuple[Tensor]) -> None:
    assert isinstance(norm, nn.BatchNorm2d)
    assert norm.running_mean is not None
    assert norm.running_var is not None
    variance, mean = torch.var_mean(inputs[0], dim=(0, 2, 3))
    shift = norm.bias + (mean - norm.running_mean) * norm.weight / (norm.running_var + norm.eps).sqrt()
    norm.weight.mul_(((variance + norm.eps) / (norm.running_var + norm.eps)).sqrt())
    norm.bias.copy_(shift)
    norm.running_mean.copy_(mean)
    norm.running_var.copy_(variance)


def _layers(network: FireDetector) -> list[tuple[nn.Conv2d, nn.BatchNorm2d | None]]:
    """Convolutions in the order in which they compute, each with the normalisation behind it."""
    found: list[tuple[nn.Conv2d, nn.BatchNorm2d | None]] = []

    def note(layer: nn.Module, *_: object) -> None:
        if isinstance(layer, nn.Conv2d):
            found.append((layer, None))
        elif isinstance(layer, nn.BatchNorm2d):
            found[-1] = (found[-1][0], layer)

    handles = [m.register_forward_hook(note) for m in network.modules()]
    with torch.no_grad():
        network(torch.zeros(1, 3, network.image_size, network.image_size))
    for handle in handles:
        handle.remove()
    return found


@torch.no_grad()
def _fill(layer: nn.Conv2d, norm: nn.BatchNorm2d | None, tensors: list[Tensor], where: str) -> None:
    weight, bias = tensors[0], tensors[1] if len(tensors) > 1 else None
    target = norm.bias if norm is not None else layer.bias
    if weight.shape != layer.weight.shape or (bias is None) != (target is None):
        raise WeightsError(f"{where} has the shape {tuple(weight.shape)}, {tuple(layer.weight.shape)} is expected")
    layer.weight.copy_(weight)
    if norm is not None:
        assert norm.running_mean is not None
        assert norm.running_var is not None
        norm.running_mean.zero_()
        norm.running_var.fill_(1 - norm.eps)
        norm.weight.fill_(1)
    if target is not None and bias is not None:
        target.copy_(bias)
