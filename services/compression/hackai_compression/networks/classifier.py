"""A classifier whose heat-map is free: the logits are the mean of the class-activation map."""

from __future__ import annotations

import torch
from torch import Tensor, nn

#: ImageNet statistics of RGB in 0-255, which every pretrained weight of the zoo expects.
IMAGENET_MEAN = (123.675, 116.28, 103.53)
IMAGENET_STD = (58.395, 57.12, 57.375)


class FireClassifier(nn.Module):
    """`features` (N, 3, S, S) -> (N, K, h, w), then a 1x1 convolution to (N, C, h, w) = `cam`.

    The logits are the spatial mean of `cam`, so each cell says exactly how much it adds to a class
    (Zhou et al., "Learning deep features for discriminative localization", 2016, with the linear
    layer moved before the mean, which is the same sum).
    """

    def __init__(self, features: nn.Module, width: int, classes: int, dropout: float = 0.2) -> None:
        super().__init__()
        self.features = features
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Conv2d(width, classes, kernel_size=1)
        nn.init.normal_(self.head.weight, std=0.01)
        nn.init.zeros_(self.head.bias)  # type: ignore[arg-type]
        self.register_buffer("mean", torch.tensor(IMAGENET_MEAN).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(IMAGENET_STD).view(1, 3, 1, 1), persistent=False)

    def normalise(self, pixels: Tensor) -> Tensor:
        """(N, 3, S, S) RGB in 0-255, any dtype -> float32 with ImageNet's mean 0 and deviation 1."""
        return (pixels.float() - self.mean) / self.std

    def forward(self, normalised: Tensor) -> tuple[Tensor, Tensor]:
        """(logits (N, C), cam (N, C, h, w)) of `normalise`d pixels."""
        cam = self.head(self.dropout(self.features(normalised)))
        return cam.mean(dim=(2, 3)), cam

    def feature_map(self, normalised: Tensor) -> Tensor:
        """What the head sees, (N, K, h, w): for distilling features."""
        result: Tensor = self.features(normalised)
        return result
