"""Writes the padding of TensorFlow-like convolutions down as numbers. Needs torch."""

from __future__ import annotations

from typing import Any

import torch
from timm.layers import Conv2dSame
from timm.layers.padding import get_same_padding
from torch import Tensor, nn


@torch.no_grad()
def freeze_padding(graph: nn.Module, example: Tensor) -> None:
    """Replaces every convolution that computes its padding from its input by a pad of fixed size and a plain one.

    The tracer would write that computation into the file, in floats: forty nodes per convolution, and the quantizer
    rounds them like any other float, so that an INT8 graph pads by other amounts than the network that it was made
    from. The sides are static anyway; they are those of `example`.
    """
    sides: dict[nn.Module, tuple[int, int]] = {}
    layers = {name: m for name, m in graph.named_modules() if isinstance(m, Conv2dSame)}

    def note(layer: nn.Module, inputs: tuple[Any, ...]) -> None:
        sides[layer] = (int(inputs[0].shape[-2]), int(inputs[0].shape[-1]))

    hooks = [layer.register_forward_pre_hook(note) for layer in layers.values()]
    graph(example)
    for hook in hooks:
        hook.remove()
    for name, layer in layers.items():
        if layer in sides:
            parent, _, last = name.rpartition(".")
            setattr(graph.get_submodule(parent), last, _fixed(layer, sides[layer]))


def _fixed(layer: nn.Conv2d, side: tuple[int, int]) -> nn.Module:
    needed: list[int] = [
        int(get_same_padding(size, kernel, stride, dilation))
        for size, kernel, stride, dilation in zip(side, layer.kernel_size, layer.stride, layer.dilation, strict=True)
    ]
    (top, bottom), (left, right) = ((total // 2, total - total // 2) for total in needed)
    plain = nn.Conv2d(
        layer.in_channels,
        layer.out_channels,
        layer.kernel_size,  # type: ignore[arg-type]
        stride=layer.stride,  # type: ignore[arg-type]
        dilation=layer.dilation,  # type: ignore[arg-type]
        groups=layer.groups,
        bias=layer.bias is not None,
    )
    plain.load_state_dict(layer.state_dict())
    if (top, left) == (bottom, right):
        plain.padding = (top, left)
        return plain.eval()
    return nn.Sequential(nn.ZeroPad2d((left, right, top, bottom)), plain).eval()
