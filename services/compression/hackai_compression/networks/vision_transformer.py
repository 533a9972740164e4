"""ViT as a feature map: the patch tokens, put back where they were in the picture."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional
from torchvision.models import VisionTransformer


class PatchFeatures(nn.Module):
    """Wraps torchvision's ViT: (N, 3, S, S) -> (N, hidden, S/patch, S/patch), the class token left out.

    Position embeddings are resampled once, at construction, so the exported graph holds constants.
    """

    def __init__(self, vit: VisionTransformer, image_size: int) -> None:
        super().__init__()
        if image_size % vit.patch_size:
            raise ValueError(f"the input size must be a multiple of {vit.patch_size}, got {image_size}")
        self.conv_proj = vit.conv_proj
        self.class_token = vit.class_token
        self.encoder = vit.encoder
        self.cells = image_size // vit.patch_size
        self.encoder.pos_embedding = nn.Parameter(resample_positions(vit.encoder.pos_embedding.detach(), self.cells))

    def forward(self, pixels: Tensor) -> Tensor:
        """See the class."""
        tokens = self.conv_proj(pixels).flatten(2).transpose(1, 2)
        token = self.class_token.expand(tokens.shape[0], -1, -1)
        encoded = self.encoder(torch.cat([token, tokens], dim=1))
        grid: Tensor = encoded[:, 1:].transpose(1, 2)
        return grid.reshape(-1, grid.shape[1], self.cells, self.cells)


def resample_positions(embedding: Tensor, cells: int) -> Tensor:
    """(1, 1 + n*n, D) position embeddings -> (1, 1 + cells*cells, D), bicubic; the class token's is kept."""
    count, width = embedding.shape[1] - 1, embedding.shape[2]
    side = round(count**0.5)
    if side == cells:
        return embedding.clone()
    grid = embedding[:, 1:].reshape(1, side, side, width).permute(0, 3, 1, 2)
    grid = functional.interpolate(grid, size=(cells, cells), mode="bicubic", align_corners=False)
    return torch.cat([embedding[:, :1], grid.permute(0, 2, 3, 1).reshape(1, cells * cells, width)], dim=1)
