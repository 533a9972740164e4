"""The best linear answer on features that do not move: where tuning starts, and the floor that it must beat."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

from hackai_compression.training.loss import smoothed_cross_entropy

#: Deviations are widened by this much, so that a feature which hardly ever speaks is not blown up.
_FLOOR = 0.05


def fit_probe(head: nn.Conv2d, pooled: Tensor, targets: Tensor, *, decay: float, steps: int = 60) -> None:
    """Fill the 1x1 convolution `head` with a logistic regression of `targets` (N, C) on `pooled` (N, K) features.

    `decay` pulls the weights of the standardised features to 0. Deterministic: L-BFGS on all rows.
    """
    mean, deviation = pooled.mean(0), pooled.std(0, unbiased=False) + _FLOOR
    rows = (pooled - mean) / deviation
    weight = torch.zeros(targets.shape[1], pooled.shape[1], requires_grad=True)
    bias = torch.zeros(targets.shape[1], requires_grad=True)
    optimizer = torch.optim.LBFGS([weight, bias], max_iter=steps, history_size=10, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = smoothed_cross_entropy(rows @ weight.T + bias, targets, 0.02) + decay * weight.square().sum()
        loss.backward()  # type: ignore[no-untyped-call]
        return loss

    optimizer.step(closure)  # type: ignore[no-untyped-call]
    with torch.no_grad():
        plain = weight / deviation
        head.weight.copy_(plain[:, :, None, None])
        cast(nn.Parameter, head.bias).copy_(bias - plain @ mean)
