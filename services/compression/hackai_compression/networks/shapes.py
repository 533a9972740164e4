"""Gives a freshly built network the channel counts of a pruned state dict."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from hackai_compression.errors import WeightsError


def fit_to(network: nn.Module, state: Mapping[str, Tensor]) -> None:
    """Resizes convolutions, linear and normalisation layers in place to the shapes in `state`.

    Only widths may differ: kernels, strides and depth are the architecture's. Raises `WeightsError`
    when a tensor of a layer is missing.
    """
    for name, layer in network.named_modules():
        if not isinstance(layer, (nn.Conv2d, nn.Linear, nn.BatchNorm2d)):
            continue
        weight = state.get(f"{name}.weight")
        if weight is None:
            raise WeightsError(f"the saved network has no {name}.weight")
        if weight.shape == layer.weight.shape:
            continue
        layer.weight = nn.Parameter(torch.empty_like(weight))
        if layer.bias is not None:
            layer.bias = nn.Parameter(torch.empty(weight.shape[0]))
        if isinstance(layer, nn.Conv2d):
            depthwise = layer.groups > 1 and layer.groups == layer.in_channels
            layer.out_channels = weight.shape[0]
            layer.groups = weight.shape[0] if depthwise else layer.groups
            layer.in_channels = weight.shape[1] * layer.groups
        elif isinstance(layer, nn.Linear):
            layer.out_features, layer.in_features = weight.shape[0], weight.shape[1]
        else:
            layer.num_features = weight.shape[0]
            layer.running_mean, layer.running_var = torch.zeros(weight.shape[0]), torch.ones(weight.shape[0])
