"""Quantization-aware training: the weights learn to live with INT8 before the exporter rounds them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from hackai_compression.networks.classifier import FireClassifier


class _RoundedWeight(nn.Module):
    """Per-channel symmetric INT8 rounding of a weight, with a straight-through gradient."""

    def forward(self, weight: Tensor) -> Tensor:
        flat = weight.detach().flatten(1).abs().amax(dim=1).clamp_min(1e-8) / 127.0
        scale = flat.view(-1, *[1] * (weight.ndim - 1))
        rounded = (weight / scale).round().clamp(-127, 127) * scale
        return weight + (rounded - weight).detach()


class _RoundedActivation(nn.Module):
    """Asymmetric 8-bit rounding of what passes, by a moving range, with a straight-through gradient."""

    low: Tensor
    high: Tensor

    def __init__(self) -> None:
        super().__init__()
        # Part of the state: the moving average of the weights rounds by the ranges that training found.
        self.register_buffer("low", torch.zeros(()))
        self.register_buffer("high", torch.zeros(()))

    def forward(self, value: Tensor) -> Tensor:
        if self.training:
            with torch.no_grad():
                low, high = value.min().clamp_max(0).float(), value.max().clamp_min(0).float()
                fresh = bool(self.high == self.low)
                self.low = low if fresh else self.low.lerp(low, 0.05)
                self.high = high if fresh else self.high.lerp(high, 0.05)
        scale = ((self.high - self.low) / 255.0).clamp_min(1e-8)
        zero = (-self.low / scale).round()
        rounded = ((value / scale + zero).round().clamp(0, 255) - zero) * scale
        return value + (rounded - value).detach()


@contextmanager
def quantization_noise(network: FireClassifier) -> Iterator[None]:
    """Inside, every convolution and linear layer but the head sees INT8 weights and inputs.

    On leaving, the network is a plain one again whose weights are the trained ones, so the usual
    export and static quantization apply.
    """
    # Of attention only the MLPs: its projections are read by a fused function, not called as layers.
    attention = {
        id(part) for m in network.features.modules() if isinstance(m, nn.MultiheadAttention) for part in m.modules()
    }
    layers = [m for m in network.features.modules() if isinstance(m, (nn.Conv2d, nn.Linear)) and id(m) not in attention]
    hooks = []
    for layer in layers:
        parametrize.register_parametrization(layer, "weight", _RoundedWeight(), unsafe=True)
        rounding = _RoundedActivation()
        layer.add_module("input_rounding", rounding)
        hooks.append(layer.register_forward_pre_hook(_rounded_input))
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()
        for layer in layers:
            trained = layer.parametrizations.weight.original.detach().clone()  # type: ignore[union-attr]
            parametrize.remove_parametrizations(layer, "weight", leave_parametrized=False)
            with torch.no_grad():
                layer.weight.copy_(trained)
            del layer.input_rounding
            # Back in the usual order: the weight in front of the bias.
            layer.register_parameter("bias", layer._parameters.pop("bias"))


def _rounded_input(layer: nn.Module, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    rounding = layer.get_submodule("input_rounding")
    return (rounding(inputs[0]), *inputs[1:])
