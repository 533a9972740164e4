"""A network in two parts: a front that stays as it was pretrained, and a rear that learns."""

from __future__ import annotations

from collections.abc import Iterator

from torch import nn

from hackai_compression.errors import RecipeError
from hackai_compression.networks.classifier import FireClassifier


def divide(network: FireClassifier, place: str) -> tuple[nn.Sequential, nn.Sequential]:
    """Return (front, rear) of `network.features`; `place` is the first module of the rear, such as `2.6`.

    Modules are shared with the network, so what the rear learns the network knows. Only modules in nested
    `Sequential`s are places: inside of others, paths branch.

    Raises `RecipeError` that names the possible places.
    """
    parts = list(_flat(network.features, ""))
    names = [name for name, _ in parts]
    if place not in names[1:]:
        raise RecipeError(f"features have no place {place!r} to be divided at; there are {', '.join(names[1:])}")
    at = names.index(place)
    return nn.Sequential(*(m for _, m in parts[:at])), nn.Sequential(*(m for _, m in parts[at:]))


def _flat(module: nn.Module, prefix: str) -> Iterator[tuple[str, nn.Module]]:
    for name, child in module.named_children():
        # Subclasses of Sequential may do more than run their children in turn.
        if type(child) is nn.Sequential:
            yield from _flat(child, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", child
