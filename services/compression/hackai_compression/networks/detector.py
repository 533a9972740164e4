"""A small anchor-free detector: features of strides 8, 16 and 32, joined from coarse to fine, a head on each."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from hackai_compression.networks.classifier import IMAGENET_MEAN, IMAGENET_STD

STRIDES = (8, 16, 32)
#: Channels of the joined features and of the heads.
WIDTH = 96
#: So that at first everything is background: the loss would be swamped by it (Lin et al., "Focal loss", 2017).
PRIOR = 0.01


@dataclass(frozen=True)
class Raw:
    """What the heads say at every point: class logits (N, K, C) and distances to the four edges (N, K, 4), pixels."""

    logits: Tensor
    distances: Tensor


class FireDetector(nn.Module):
    """(N, 3, S, S) -> at every point of three grids how far the edges of a box are, and what is in it.

    FCOS (Tian et al., 2019) with the quality of a box as the target of its score (Li et al., "Generalized focal loss",
    2020), so that one score both ranks and classifies.
    """

    points: Tensor
    strides: Tensor

    def __init__(self, trunk: nn.ModuleList, channels: tuple[int, int, int], classes: int, image_size: int) -> None:
        super().__init__()
        if image_size % STRIDES[-1]:
            raise ValueError(f"the input size must be a multiple of {STRIDES[-1]}, got {image_size}")
        self.trunk = trunk
        self.lateral = nn.ModuleList(_point(c, WIDTH) for c in channels)
        self.smooth = nn.ModuleList(_separable(WIDTH) for _ in channels)
        self.class_towers = nn.ModuleList(nn.Sequential(_separable(WIDTH), _separable(WIDTH)) for _ in channels)
        self.box_towers = nn.ModuleList(nn.Sequential(_separable(WIDTH), _separable(WIDTH)) for _ in channels)
        self.class_heads = nn.ModuleList(nn.Conv2d(WIDTH, classes, 1) for _ in channels)
        self.box_heads = nn.ModuleList(nn.Conv2d(WIDTH, 4, 1) for _ in channels)
        self.classes, self.image_size = classes, image_size
        for class_head, box_head in zip(self.class_heads, self.box_heads, strict=True):
            nn.init.normal_(class_head.weight, std=0.01)  # type: ignore[arg-type]
            nn.init.constant_(class_head.bias, -torch.log(torch.tensor((1 - PRIOR) / PRIOR)).item())  # type: ignore[arg-type]
            nn.init.normal_(box_head.weight, std=0.01)  # type: ignore[arg-type]
            nn.init.constant_(box_head.bias, 3.0)  # type: ignore[arg-type]
        points, strides = _grid(image_size)
        self.register_buffer("points", points, persistent=False)
        self.register_buffer("strides", strides, persistent=False)
        self.register_buffer("mean", torch.tensor(IMAGENET_MEAN).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(IMAGENET_STD).view(1, 3, 1, 1), persistent=False)

    def normalise(self, pixels: Tensor) -> Tensor:
        """(N, 3, S, S) RGB in 0-255, any dtype -> float32 with ImageNet's mean 0 and deviation 1."""
        return (pixels.float() - self.mean) / self.std

    def forward(self, normalised: Tensor) -> Raw:
        """See :class:`Raw`; points in the order of `points`."""
        levels = []
        value = normalised
        for part in self.trunk:
            value = part(value)
            levels.append(value)
        joined: list[Tensor] = []
        for index in reversed(range(len(levels))):
            here = self.lateral[index](levels[index])
            if joined:
                here = here + functional.interpolate(joined[0], scale_factor=2.0, mode="nearest")
            joined.insert(0, here)
        logits, distances = [], []
        for index, value in enumerate(joined):
            smooth = self.smooth[index](value)
            logits.append(_rows(self.class_heads[index](self.class_towers[index](smooth)), self.classes))
            distances.append(_rows(self.box_heads[index](self.box_towers[index](smooth)), 4))
        # softplus, not exp: near a quantized value an exponential would multiply the rounding.
        return Raw(torch.cat(logits, 1), functional.softplus(torch.cat(distances, 1)) * self.strides)

    def corners(self, distances: Tensor) -> Tensor:
        """Boxes (N, K, 4), left, top, right, bottom in pixels of the input, of distances to the edges."""
        return torch.cat([self.points - distances[..., :2], self.points + distances[..., 2:]], dim=-1)

    def decode(self, raw: Raw) -> tuple[Tensor, Tensor]:
        """(boxes (N, K, 4) in fractions of the input, scores (N, K, C) 0-1): what the exported graph gives."""
        return self.corners(raw.distances) / self.image_size, raw.logits.sigmoid()


def _point(channels: int, width: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(channels, width, 1, bias=False), nn.BatchNorm2d(width))


def _separable(width: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(width, width, 3, padding=1, groups=width, bias=False),
        nn.Conv2d(width, width, 1, bias=False),
        nn.BatchNorm2d(width),
        nn.ReLU6(inplace=True),
    )


def _rows(grid: Tensor, width: int) -> Tensor:
    """(N, F, h, w) -> (N, h*w, F), row by row."""
    return grid.permute(0, 2, 3, 1).reshape(grid.shape[0], -1, width)


def _grid(size: int) -> tuple[Tensor, Tensor]:
    """Centres (K, 2) of all cells, x then y in pixels, and their strides (K, 1), fine grids first."""
    points, strides = [], []
    for stride in STRIDES:
        along = (torch.arange(size // stride, dtype=torch.float32) + 0.5) * stride
        y, x = torch.meshgrid(along, along, indexing="ij")
        points.append(torch.stack([x.flatten(), y.flatten()], dim=1))
        strides.append(torch.full((points[-1].shape[0], 1), float(stride)))
    return torch.cat(points), torch.cat(strides)
