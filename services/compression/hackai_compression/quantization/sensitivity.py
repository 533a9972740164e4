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
    """What is gained when this node alone goes back to FP32 (in the score's unit)."""

    node: str
    gain: float


def rank_layers(source: Path, quantized_without: Callable[[Sequence[str]], float]) -> list[LayerDamage]:
    """Quantizable nodes, the most harmful first.

    `quantized_without(nodes)` quantizes everything but `nodes` and returns a score (higher is
    better), such as minus the validation loss: smoother than accuracy, which moves by whole pictures.
    """
    graph = onnx.load(source).graph
    excluded = set(head_nodes(graph))
    base = quantized_without(())
    nodes = [n.name for n in graph.node if n.op_type in _HEAVY and n.name not in excluded]
    damages = [LayerDamage(name, quantized_without((name,)) - base) for name in nodes]
    return sorted(damages, key=lambda d: -d.gain)
