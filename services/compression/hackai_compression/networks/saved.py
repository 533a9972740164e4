"""Networks on disk: plain tensors and three words, so that loading never runs pickled code."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch

from hackai_compression.errors import WeightsError
from hackai_compression.networks.classifier import FireClassifier
from hackai_compression.networks.shapes import fit_to
from hackai_compression.networks.zoo import build


@dataclass(frozen=True)
class Architecture:
    """What is needed to build a network again before its tensors are filled in."""

    name: str
    classes: tuple[str, ...]
    image_size: int

    def build(self) -> FireClassifier:
        """The network with random weights."""
        return build(self.name, len(self.classes), self.image_size)


def save_network(path: Path, network: FireClassifier, architecture: Architecture) -> None:
    """Writes `path` whole or not at all: a job that is killed leaves no half file behind."""
    partial = path.with_suffix(path.suffix + ".partial")
    torch.save(
        {
            "architecture": architecture.name,
            "classes": list(architecture.classes),
            "image_size": architecture.image_size,
            "state_dict": {k: v.detach().clone().contiguous() for k, v in network.state_dict().items()},
        },
        partial,
    )
    partial.replace(path)


def load_network(path: Path) -> tuple[FireClassifier, Architecture]:
    """The network in `eval()`, with the channel counts of the file (it may be pruned).

    Raises `WeightsError` when the file is missing, is something else, or does not fit.
    """
    if not path.is_file():
        raise WeightsError(f"{path} does not exist")
    saved = torch.load(path, map_location="cpu", weights_only=True)
    if not isinstance(saved, dict) or not {"architecture", "classes", "image_size", "state_dict"} <= saved.keys():
        raise WeightsError(f"{path} was not written by this worker")
    architecture = Architecture(saved["architecture"], tuple(saved["classes"]), saved["image_size"])
    network = architecture.build()
    fit_to(network, saved["state_dict"])
    network.load_state_dict(saved["state_dict"])
    return network.eval(), architecture
