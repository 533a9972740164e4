"""Mixed precision: which layers hurt when they are INT8."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import onnx

from hackai_compression.quantization.static import head_nodes

_HEAVY = ("Conv", "Gemm", "MatMul")


@dataclass(frozen=True)
class LayerDamage:
    """What is lost when this node alone is INT8 (in the score's unit)."""

    node: str
    loss: float


def rank_layers(source: Path, quantized_without: Callable[[Sequence[str]], float]) -> list[LayerDamage]:
    """Quantizable nodes, the most harmful first.

    `quantized_without(nodes)` quantizes everything but `nodes` and returns a score (higher is
    better), such as minus the validation loss: smoother than accuracy, which moves by whole pictures.
    Each node is quantized alone: where two layers break the network, mending one of them shows no gain.
    """
    graph = onnx.load(source).graph
    excluded = set(head_nodes(graph))
    nodes = [n.name for n in graph.node if n.op_type in _HEAVY and n.name not in excluded]
    base = quantized_without(nodes)
    damages = [LayerDamage(name, base - quantized_without([n for n in nodes if n != name])) for name in nodes]
    return sorted(damages, key=lambda d: -d.loss)
