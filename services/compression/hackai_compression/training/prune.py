"""Structured pruning: whole channels go, a part at a time, and the ratio is checked at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
import torch_pruning as tp
from torch import Tensor, nn

from hackai_compression.errors import PruningError
from hackai_compression.networks.classifier import FireClassifier
from hackai_compression.networks.detector import FireDetector, Raw
from hackai_compression.networks.vision_transformer import PatchFeatures

#: A job may miss its ratio by this much: channels are rounded to 8.
RATIO_TOLERANCE = 0.02
#: No layer loses more: a layer that is pruned away cuts the network.
MAX_LAYER_RATIO = 0.8


@dataclass(frozen=True)
class PruningResult:
    """Before and after."""

    macs_before: int
    macs_after: int
    parameters_before: int
    parameters_after: int

    @property
    def ratio(self) -> float:
        """How many times fewer multiply-accumulates."""
        return self.macs_before / self.macs_after


def prune(
    network: nn.Module,
    image_size: int,
    *,
    ratio: float,
    iterations: int,
    round_to: int,
    importance: str,
    losses: Callable[[], Iterator[Tensor]],
    recover: Callable[[int], None],
) -> PruningResult:
    """Prunes in place towards `ratio` times fewer MACs in `iterations` steps; `recover(i)` trains after each.

    Channels compete over the whole network (global), by magnitude or by first-order Taylor importance
    over `losses()`, the losses of a few batches. The heads' outputs stay. Raises `PruningError` when the ratio is
    not reached: a pruner that finds nothing to prune says nothing by itself.
    """
    # A frozen parameter has no gradient, and the dependency graph is traced through gradients:
    # a frozen backbone gives an empty graph and a silent no-op.
    for parameter in network.parameters():
        parameter.requires_grad_(True)
    example = torch.zeros(1, 3, image_size, image_size)
    before_macs, before_parameters = tp.utils.count_ops_and_params(network, example)
    macs = before_macs
    for i in range(iterations):
        # Equal factors: each iteration removes the same share of what is left.
        goal = before_macs / ratio ** ((i + 1) / iterations)
        macs = _prune_to(network, example, goal, round_to, importance, losses)
        recover(i)
    parameters = sum(p.numel() for p in network.parameters())
    achieved = before_macs / macs
    if achieved < ratio * (1 - RATIO_TOLERANCE):
        raise PruningError(ratio, achieved)
    return PruningResult(int(before_macs), int(macs), int(before_parameters), parameters)


def _prune_to(
    network: nn.Module,
    example: Tensor,
    goal: float,
    round_to: int,
    importance: str,
    losses: Callable[[], Iterator[Tensor]],
) -> float:
    """Many small steps until the MACs are at or below `goal`; returns them."""
    network.eval()
    steps = 60
    # Fresh containers on each call: torch-pruning changes its default arguments in place.
    pruner = tp.pruner.BasePruner(
        network,
        example,
        importance=tp.importance.TaylorImportance()
        if importance == "taylor"
        else tp.importance.MagnitudeImportance(p=2),
        global_pruning=True,
        pruning_ratio=MAX_LAYER_RATIO,
        max_pruning_ratio=MAX_LAYER_RATIO,
        iterative_steps=steps,
        ignored_layers=_ignored(network),
        round_to=round_to,
        pruning_ratio_dict={},
        channel_groups={},
        num_heads={},
        customized_pruners={},
        unwrapped_parameters=_unwrapped(network),
        output_transform=_tensors,
    )
    macs, _ = tp.utils.count_ops_and_params(network, example)
    for _ in range(steps):
        if macs <= goal:
            break
        if importance == "taylor":
            network.zero_grad(set_to_none=True)
            for loss in losses():
                loss.backward()  # type: ignore[no-untyped-call]
        pruner.step()
        macs, _ = tp.utils.count_ops_and_params(network, example)
    network.zero_grad(set_to_none=True)
    return float(macs)


def _ignored(network: nn.Module) -> list[nn.Module]:
    """Heads (their outputs are classes and edges); of a ViT also what the residual stream and the heads share."""
    if isinstance(network, FireDetector):
        return [*network.class_heads, *network.box_heads]
    if not isinstance(network, FireClassifier):
        raise TypeError(f"nobody has said which outputs of {type(network).__name__} must stay")
    ignored: list[nn.Module] = [network.head]
    if isinstance(network.features, PatchFeatures):
        # Only the hidden layers of the MLPs are pruned: the stream's width is tied to every block.
        ignored.append(network.features.conv_proj)
        for name, layer in network.features.named_modules():
            if isinstance(layer, (nn.MultiheadAttention, nn.LayerNorm)) or name.endswith("mlp.3"):
                ignored.append(layer)
    return ignored


def _tensors(output: Any) -> Any:
    """What the graph is traced back from: torch-pruning looks into tuples, not into dataclasses."""
    return (output.logits, output.distances) if isinstance(output, Raw) else output


def _unwrapped(network: nn.Module) -> list[tuple[nn.Parameter, int]] | None:
    """Bare parameters and their channel axis; pairs, because torch-pruning 1.6 cannot read the mapping it asks for."""
    features: Any = getattr(network, "features", None)
    if isinstance(features, PatchFeatures):
        return [(features.class_token, 2), (features.encoder.pos_embedding, 2)]
    return None
