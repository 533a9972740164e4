"""One training view after the other: which part of which picture, in what light, and what it counts as."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numpy.random import Generator

from hackai_compression.augmentation import geometry
from hackai_compression.augmentation.camera_faults import degrade
from hackai_compression.augmentation.light import nightfall, relight
from hackai_compression.augmentation.policy import AugmentationPolicy
from hackai_compression.datasets.pictures import Picture, PictureCache
from hackai_compression.datasets.samples import Dataset, Sample

Target = npt.NDArray[np.float32]


@dataclass(frozen=True)
class View:
    """A (size, size, 3) uint8 RGB picture and its (C,) target distribution, which sums to 1."""

    picture: Picture
    target: Target


class ViewMaker:
    """Makes views of a dataset."""

    def __init__(self, dataset: Dataset, size: int, policy: AugmentationPolicy, cache: PictureCache) -> None:
        self._classes = dataset.classes
        self._samples = dataset.samples
        self._size = size
        self._policy = policy
        self._cache = cache

    def __len__(self) -> int:
        """Views per epoch: one of every picture."""
        return len(self._samples)

    def make(self, index: int, rng: Generator) -> View:
        """The view of that index; another draw of `rng` gives another view."""
        sample = self._samples[index]
        picture = self._of_sample(sample, rng)
        if rng.random() < self._policy.camera_faults:
            picture = degrade(relight(picture, rng), rng)
        return View(picture, self._one_hot(sample.label))

    def _of_sample(self, sample: Sample, rng: Generator) -> Picture:
        picture = self._cache.get(sample.path)
        if not self._policy.geometry:
            return geometry.whole(picture, self._size)
        window = geometry.choose_window(picture.shape, sample.boxes, self._policy.min_crop, self._policy.zoom_out, rng)
        out = geometry.view(picture, window, self._size, None, rng)
        if rng.random() < 0.08 * self._policy.camera_faults:
            out = nightfall(out, rng)
        return out

    def _one_hot(self, label: str) -> Target:
        target = np.zeros(len(self._classes), np.float32)
        target[self._classes.index(label)] = 1.0
        return target
