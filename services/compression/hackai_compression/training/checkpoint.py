"""Whole-epoch checkpoints, so that another worker can go on where a killed one stopped."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

Row = dict[str, Any]


@dataclass(frozen=True)
class Checkpoint:
    """The history so far and the averaged weights of its best epoch."""

    history: tuple[Row, ...]
    best: dict[str, Tensor]

    @classmethod
    def fresh(cls, network: nn.Module) -> Checkpoint:
        """Nothing trained yet: the best weights are the initial ones."""
        return cls((), _copy(network))

    def after(self, row: Row, average: nn.Module) -> Checkpoint:
        """With one more epoch. Best is the lowest validation loss: accuracy moves in steps of one picture."""
        better = all(row["validation_loss"] < past["validation_loss"] for past in self.history)
        return Checkpoint((*self.history, row), _copy(average) if better else self.best)


def write_checkpoint(
    path: Path, state: Checkpoint, network: nn.Module, average: nn.Module, optimizer: torch.optim.Optimizer
) -> None:
    """Replaces the file in one step."""
    partial = path.with_suffix(".partial")
    torch.save(
        {
            "history": list(state.history),
            "best": state.best,
            "network": network.state_dict(),
            "average": average.state_dict(),
            "optimizer": optimizer.state_dict(),
        },
        partial,
    )
    partial.replace(path)


def read_checkpoint(path: Path, network: nn.Module, average: nn.Module, optimizer: torch.optim.Optimizer) -> Checkpoint:
    """Fills network, average and optimizer in place."""
    saved = torch.load(path, map_location="cpu", weights_only=True)
    network.load_state_dict(saved["network"])
    average.load_state_dict(saved["average"])
    optimizer.load_state_dict(saved["optimizer"])
    return Checkpoint(tuple(saved["history"]), saved["best"])


def _copy(network: nn.Module) -> dict[str, Tensor]:
    return {k: v.detach().clone() for k, v in network.state_dict().items()}
