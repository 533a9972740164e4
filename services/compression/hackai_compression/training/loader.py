"""Batches of views; the same ones for the same (seed, epoch), whatever was run before."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.utils import data

from hackai_compression.augmentation.geometry import whole
from hackai_compression.augmentation.views import ViewMaker
from hackai_compression.datasets.pictures import PictureCache
from hackai_compression.datasets.samples import Dataset

#: (N,) how often each of N pictures is drawn, as a probability.
Drawing = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Batch:
    """`pixels` (N, 3, S, S) uint8 RGB in channels-last memory, `targets` (N, C) float32."""

    pixels: Tensor
    targets: Tensor


class _Views(data.Dataset[tuple[Tensor, Tensor]]):
    def __init__(self, maker: ViewMaker, seed: int, epoch: int) -> None:
        self._maker, self._seed, self._epoch = maker, seed, epoch

    def __len__(self) -> int:
        return len(self._maker)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        # A generator per view: the result does not depend on how many workers there are.
        view = self._maker.make(index, np.random.default_rng((self._seed, self._epoch, index)))
        return torch.from_numpy(np.ascontiguousarray(view.picture)), torch.from_numpy(view.target)


def training_batches(
    maker: ViewMaker, batch_size: int, seed: int, epoch: int, workers: int, weights: Drawing | None = None
) -> Iterator[Batch]:
    """One epoch of shuffled batches; a last batch of one is left out (batch norm cannot use it).

    With `weights` (N,) as many views are drawn, some more than once.
    """
    order = torch.Generator().manual_seed(seed * 100_003 + epoch)
    drawn = data.WeightedRandomSampler(weights.tolist(), len(maker), generator=order) if weights is not None else None
    loader = data.DataLoader(
        _Views(maker, seed, epoch),
        batch_size,
        shuffle=drawn is None,
        sampler=drawn,
        generator=order,
        num_workers=workers,
        drop_last=False,
    )
    for pictures, targets in loader:
        if len(pictures) > 1:
            yield Batch(pictures.permute(0, 3, 1, 2), targets)


def view_batches(maker: ViewMaker, batch_size: int, seed: int, epoch: int) -> Iterator[Batch]:
    """One view of every picture, in order."""
    for pictures, targets in data.DataLoader(_Views(maker, seed, epoch), batch_size):
        yield Batch(pictures.permute(0, 3, 1, 2), targets)


def plain_batches(dataset: Dataset, size: int, batch_size: int, cache: PictureCache) -> Iterator[Batch]:
    """The dataset in order, without augmentation: what serving would see."""
    eye = torch.eye(len(dataset.classes))
    labels = dataset.labels
    for start in range(0, len(dataset), batch_size):
        part = dataset.samples[start : start + batch_size]
        pictures = np.stack([whole(cache.get(s.path), size) for s in part])
        yield Batch(torch.from_numpy(pictures).permute(0, 3, 1, 2), eye[labels[start : start + len(part)]])
