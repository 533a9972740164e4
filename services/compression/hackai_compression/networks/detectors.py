"""Which classifiers of the zoo can lend their features to a detector, and where they are cut; saving and loading."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from hackai_compression.errors import RecipeError, WeightsError
from hackai_compression.networks.classifier import FireClassifier
from hackai_compression.networks.detector import FireDetector
from hackai_compression.networks.shapes import fit_to
from hackai_compression.networks.zoo import build


@dataclass(frozen=True)
class Cut:
    """How the features of a classifier become the trunk of a detector, and the channels at strides 8, 16 and 32."""

    trunk: Callable[[FireClassifier], nn.ModuleList]
    channels: tuple[int, int, int]


def _efficientnet_lite0(classifier: FireClassifier) -> nn.ModuleList:
    stem, norm, blocks = classifier.features[0], classifier.features[1], classifier.features[2]  # type: ignore[index]
    # Two thirds of the weights sit in the last blocks of stride 32. Two blocks keep the view of the whole picture that
    # smoke needs, at 6.5 MB instead of 12.
    return nn.ModuleList(
        [
            nn.Sequential(stem, norm, *blocks[:3]),
            nn.Sequential(*blocks[3:5]),
            nn.Sequential(*blocks[5][:2]),
        ]
    )


CUTS: dict[str, Cut] = {"efficientnet_lite0": Cut(_efficientnet_lite0, (40, 112, 192))}


def build_detector(
    architecture: str, classes: int, image_size: int, fill: Callable[[FireClassifier], None] = lambda _: None
) -> FireDetector:
    """A detector on the features of a classifier, which `fill` may give weights before they are cut.

    Raises `RecipeError` for an architecture whose cut is not known.
    """
    cut = CUTS.get(architecture)
    if cut is None:
        raise RecipeError(f"no detector on {architecture!r}; there are {', '.join(CUTS)}")
    classifier = build(architecture, classes, image_size)
    fill(classifier)
    return FireDetector(cut.trunk(classifier), cut.channels, classes, image_size)


@dataclass(frozen=True)
class DetectorArchitecture:
    """What is needed to build a detector again before its tensors are filled in."""

    name: str
    classes: tuple[str, ...]
    image_size: int

    def build(self) -> FireDetector:
        """The network with random weights."""
        return build_detector(self.name, len(self.classes), self.image_size)


def save_detector(path: Path, network: FireDetector, architecture: DetectorArchitecture) -> None:
    """Writes `path` whole or not at all."""
    partial = path.with_suffix(path.suffix + ".partial")
    torch.save(
        {
            "detector": architecture.name,
            "classes": list(architecture.classes),
            "image_size": architecture.image_size,
            "state_dict": {k: v.detach().clone().contiguous() for k, v in network.state_dict().items()},
        },
        partial,
    )
    partial.replace(path)


def load_detector(path: Path) -> tuple[FireDetector, DetectorArchitecture]:
    """The network in `eval()`, with the channel counts of the file. Raises `WeightsError`."""
    if not path.is_file():
        raise WeightsError(f"{path} does not exist")
    saved = torch.load(path, map_location="cpu", weights_only=True)
    if not isinstance(saved, dict) or not {"detector", "classes", "image_size", "state_dict"} <= saved.keys():
        raise WeightsError(f"{path} is not a detector that this worker wrote")
    architecture = DetectorArchitecture(saved["detector"], tuple(saved["classes"]), saved["image_size"])
    network = architecture.build()
    fit_to(network, saved["state_dict"])
    network.load_state_dict(saved["state_dict"])
    return network.eval(), architecture
