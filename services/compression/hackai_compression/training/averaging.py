"""Exponential moving average of the weights: flatter minima, better on places never seen."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn


class WeightAverage:
    """Keeps `average`, an `eval()` copy of the network whose tensors trail it."""

    def __init__(self, network: nn.Module, decay: float) -> None:
        self._decay = decay
        self.average = copy.deepcopy(network).eval()
        for parameter in self.average.parameters():
            parameter.requires_grad_(False)

    @torch.no_grad()
    def update(self, network: nn.Module, step: int) -> None:
        """Moves towards the network; early steps (`step` counts from 0) move more, so the start is forgotten."""
        decay = min(self._decay, (1 + step) / (10 + step))
        current: dict[str, Tensor] = network.state_dict()
        for name, value in self.average.state_dict().items():
            if value.dtype.is_floating_point:
                value.lerp_(current[name].to(value.dtype), 1 - decay)
            else:
                value.copy_(current[name])
