"""Training views for detectors: the same geometry, light and camera faults as for classifiers, and boxes follow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
from numpy.random import Generator

from hackai_compression.augmentation import geometry
from hackai_compression.augmentation.camera_faults import degrade
from hackai_compression.augmentation.harmless_lights import add_lights, harmless_scene
from hackai_compression.augmentation.light import nightfall, relight
from hackai_compression.augmentation.policy import AugmentationPolicy
from hackai_compression.datasets.pictures import Picture, PictureCache
from hackai_compression.datasets.samples import Sample

Corners = npt.NDArray[np.float32]
#: A box of which less than this part is left inside of the view is neither asked for nor called wrong.
MIN_VISIBLE = 0.25
#: Nor is a box with a side below so many pixels of the view.
MIN_SIDE = 4.0


@dataclass(frozen=True)
class BoxedView:
    """A (size, size, 3) uint8 RGB picture, the corners (M, 4) of its boxes in pixels, and their classes (M,).

    Nobody knows whether the class `unknown_classes` (U,) is in the place `unknown` (U, 4): it was not boxed there, or
    too little of a box is left.
    """

    picture: Picture
    corners: Corners
    classes: npt.NDArray[np.int64]
    unknown: Corners = field(default_factory=lambda: np.zeros((0, 4), np.float32))
    unknown_classes: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))


class BoxedViewMaker:
    """Makes views of pictures with boxes, of harmless pictures without, and of made-up harmless scenes."""

    def __init__(
        self,
        samples: Sequence[Sample],
        harmless: Sequence[Sample],
        kinds: Sequence[str],
        size: int,
        policy: AugmentationPolicy,
        cache: PictureCache,
    ) -> None:
        self._samples, self._harmless = samples, harmless
        self._kinds, self._size, self._policy, self._cache = list(kinds), size, policy, cache
        self._calm = round(len(samples) * policy.harmless_scenes)

    def __len__(self) -> int:
        """Views per epoch: one of every picture, then harmless ones."""
        return len(self._samples) + self._calm

    def make(self, index: int, rng: Generator) -> BoxedView:
        """The view of that index; another draw of `rng` gives another view."""
        if index >= len(self._samples):
            view = self._nothing(rng)
        elif rng.random() < self._policy.mosaics:
            view = self._mosaic(index, rng)
        else:
            view = self._of(self._samples[index], self._size, rng)
        if rng.random() < 0.08 * self._policy.camera_faults:
            view = replace(view, picture=nightfall(view.picture, rng))
        if self._policy.harmless_scenes and rng.random() < 0.1:
            view = replace(view, picture=add_lights(view.picture, rng))
        if rng.random() < self._policy.camera_faults:
            view = replace(view, picture=degrade(relight(view.picture, rng), rng))
        return view

    def _of(self, sample: Sample, size: int, rng: Generator) -> BoxedView:
        picture = self._cache.get(sample.path)
        if not self._policy.geometry:
            window = geometry.Window(
                picture.shape[1] / 2, picture.shape[0] / 2, picture.shape[1], picture.shape[0], 0.0, False
            )
            return BoxedView(geometry.whole(picture, size), *self._seen(sample, picture, window, size))
        window = geometry.choose_window(picture.shape, sample.boxes, self._policy.min_crop, self._policy.zoom_out, rng)
        # A turned box would have to be drawn around its corners and become looser than it is.
        window = replace(window, degrees=0.0)
        shown = geometry.view(picture, window, size, self._backdrop(rng), rng)
        return BoxedView(shown, *self._seen(sample, picture, window, size))

    def _backdrop(self, rng: Generator) -> Picture:
        """What is seen beyond the picture: never its mirror image, which would hold fires that nobody boxed."""
        if self._harmless and rng.random() < 0.5:
            return self._cache.get(self._harmless[int(rng.integers(0, len(self._harmless)))].path)
        return np.full((8, 8, 3), rng.integers(0, 200, 3), np.uint8)

    def _mosaic(self, index: int, rng: Generator) -> BoxedView:
        """Four views, a quarter each: fires smaller, closer to each other and out of their surroundings."""
        half = self._size // 2
        others = rng.integers(0, len(self._samples), 3)
        parts = [self._of(self._samples[int(i)], half, rng) for i in (index, *others)]
        canvas = np.zeros((self._size, self._size, 3), np.uint8)
        corners, unknown = [], []
        for part, (row, column) in zip(parts, ((0, 0), (0, 1), (1, 0), (1, 1)), strict=True):
            canvas[row * half : (row + 1) * half, column * half : (column + 1) * half] = part.picture
            offset = np.array([column, row, column, row], np.float32) * half
            corners.append(part.corners + offset)
            unknown.append(part.unknown + offset)
        return BoxedView(
            canvas,
            np.concatenate(corners),
            np.concatenate([p.classes for p in parts]),
            np.concatenate(unknown),
            np.concatenate([p.unknown_classes for p in parts]),
        )

    def _nothing(self, rng: Generator) -> BoxedView:
        if not self._harmless or rng.random() < 0.25:
            picture = harmless_scene(self._size, rng)
            return BoxedView(picture, np.zeros((0, 4), np.float32), np.zeros(0, np.int64))
        return self._of(self._harmless[int(rng.integers(0, len(self._harmless)))], self._size, rng)

    def _seen(
        self, sample: Sample, picture: Picture, window: geometry.Window, size: int
    ) -> tuple[Corners, npt.NDArray[np.int64], Corners, npt.NDArray[np.int64]]:
        height, width = picture.shape[:2]
        matrix = geometry.window_matrix(window, size)
        corners, classes = [], []
        unknown: list[list[float]] = [[0.0, 0.0, size, size] for _ in sample.unboxed]
        unknown_classes = [self._kinds.index(kind) for kind in sample.unboxed]
        for box in sample.boxes:
            ends = np.array([[box.left * width, box.top * height], [box.right * width, box.bottom * height]])
            mapped = ends @ matrix[:, :2].T + matrix[:, 2]
            low, high = mapped.min(axis=0), mapped.max(axis=0)
            inner_low, inner_high = np.clip(low, 0, size), np.clip(high, 0, size)
            sides = inner_high - inner_low
            if sides.min() < MIN_SIDE or sides.prod() < MIN_VISIBLE * (high - low).prod():
                unknown.append([*inner_low, *inner_high])
                unknown_classes.append(self._kinds.index(box.kind))
                continue
            corners.append([*inner_low, *inner_high])
            classes.append(self._kinds.index(box.kind))
        return (*_boxes(corners, classes), *_boxes(unknown, unknown_classes))


def _boxes(corners: Sequence[Sequence[float]], classes: Sequence[int]) -> tuple[Corners, npt.NDArray[np.int64]]:
    return np.asarray(corners, np.float32).reshape(-1, 4), np.asarray(classes, np.int64)
