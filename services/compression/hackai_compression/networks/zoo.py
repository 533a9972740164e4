"""Every architecture that recipes can name, and how its features are taken out of its library's class."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import timm
import torchvision.models as tv
from torch import nn

from hackai_compression.errors import RecipeError
from hackai_compression.networks.classifier import FireClassifier
from hackai_compression.networks.vision_transformer import PatchFeatures


@dataclass(frozen=True)
class Family:
    """How to build the feature extractor (given the input size) and its number of output channels."""

    features: Callable[[int], nn.Module]
    width: int


def _resnet(build: Callable[..., tv.ResNet]) -> Callable[[int], nn.Module]:
    def features(_: int) -> nn.Module:
        net = build()
        return nn.Sequential(net.conv1, net.bn1, net.relu, net.maxpool, net.layer1, net.layer2, net.layer3, net.layer4)

    return features


def _features_of(build: Callable[..., nn.Module]) -> Callable[[int], nn.Module]:
    """Networks whose class keeps the convolutional part in `.features`."""

    def features(_: int) -> nn.Module:
        part = build().features
        assert isinstance(part, nn.Module)
        return part

    return features


def _vit(size: int) -> nn.Module:
    return PatchFeatures(tv.vit_b_16(), size)


def _efficientnet_lite0(_: int) -> nn.Module:
    # The `tf_` variant pads like TensorFlow, which its published weights were trained with.
    net = timm.create_model("tf_efficientnet_lite0", pretrained=False)
    return nn.Sequential(net.conv_stem, net.bn1, net.blocks, net.conv_head, net.bn2)


#: In the order of their size. VGG16 loses its 120 M fully connected parameters to the mean over `cam`.
FAMILIES: dict[str, Family] = {
    "squeezenet1_1": Family(_features_of(tv.squeezenet1_1), 512),
    "squeezenet1_0": Family(_features_of(tv.squeezenet1_0), 512),
    "mobilenet_v3_small": Family(_features_of(tv.mobilenet_v3_small), 576),
    "mobilenet_v2": Family(_features_of(tv.mobilenet_v2), 1280),
    "mobilenet_v3_large": Family(_features_of(tv.mobilenet_v3_large), 960),
    "efficientnet_lite0": Family(_efficientnet_lite0, 1280),
    "resnet18": Family(_resnet(tv.resnet18), 512),
    "vgg16": Family(_features_of(tv.vgg16), 512),
    "resnet50": Family(_resnet(tv.resnet50), 2048),
    "resnet152": Family(_resnet(tv.resnet152), 2048),
    "wide_resnet50_2": Family(_resnet(tv.wide_resnet50_2), 2048),
    "vit_b_16": Family(_vit, 768),
}


def build(architecture: str, classes: int, image_size: int) -> FireClassifier:
    """The architecture with random weights (torch's current seed) for square inputs of `image_size`.

    Raises `RecipeError` for a name that the zoo does not hold.
    """
    family = FAMILIES.get(architecture)
    if family is None:
        raise RecipeError(f"unknown architecture {architecture!r}; the zoo holds {', '.join(FAMILIES)}")
    return FireClassifier(family.features(image_size), family.width, classes)
