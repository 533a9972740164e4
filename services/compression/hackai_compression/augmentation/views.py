"""One training view after the other: which picture, composed with what, and what it counts as."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numpy.random import Generator

from hackai_compression.augmentation import composites, geometry
from hackai_compression.augmentation.camera_faults import degrade
from hackai_compression.augmentation.harmless_lights import add_lights, harmless_scene
from hackai_compression.augmentation.light import nightfall, relight
from hackai_compression.augmentation.policy import AugmentationPolicy
from hackai_compression.datasets.pictures import Picture, PictureCache
from hackai_compression.datasets.samples import Box, Dataset, Sample

Target = npt.NDArray[np.float32]

#: Below this part of the side a pasted flame is as much "a tiny flame" (start_fire) as it is fire.
TINY_FLAME = 0.16


@dataclass(frozen=True)
class View:
    """A (size, size, 3) uint8 RGB picture and its (C,) target distribution, which sums to 1."""

    picture: Picture
    target: Target


class ViewMaker:
    """Makes views of a dataset. Without fire classes (`fire, no_fire, start_fire`) it never composes."""

    def __init__(self, dataset: Dataset, size: int, policy: AugmentationPolicy, cache: PictureCache) -> None:
        self._classes = dataset.classes
        self._samples = dataset.samples
        self._size = size
        self._policy = policy
        self._cache = cache
        self._harmless = [s for s in dataset.samples if s.label == "no_fire"]
        self._flames = _boxes_of(dataset, "fire")
        self._smoke = _boxes_of(dataset, "smoke")
        made_up = "no_fire" in self._classes
        self._scenes = round(len(dataset) * policy.harmless_scenes) if made_up else 0
        composing = made_up and self._harmless and self._flames
        self._composites = round(len(dataset) * policy.composites) if composing else 0

    def __len__(self) -> int:
        """Views per epoch: one of every picture, then made-up scenes, then composites."""
        return len(self._samples) + self._scenes + self._composites

    def make(self, index: int, rng: Generator) -> View:
        """The view of that index; another draw of `rng` gives another view."""
        if index < len(self._samples):
            view = self._of_sample(self._samples[index], rng)
        elif index < len(self._samples) + self._scenes:
            view = View(harmless_scene(self._size, rng), self._one_hot("no_fire"))
        else:
            view = self._composite(rng)
        if rng.random() < self._policy.camera_faults:
            return View(degrade(relight(view.picture, rng), rng), view.target)
        return view

    def _of_sample(self, sample: Sample, rng: Generator) -> View:
        picture = self._cache.get(sample.path)
        if not self._policy.geometry:
            return View(geometry.whole(picture, self._size), self._one_hot(sample.label))
        window = geometry.choose_window(picture.shape, sample.boxes, self._policy.min_crop, self._policy.zoom_out, rng)
        backdrop = self._backdrop(rng)
        out = geometry.view(picture, window, self._size, backdrop, rng)
        if rng.random() < 0.08 * self._policy.camera_faults:
            out = nightfall(out, rng)
        # Lamps shine beside fires too: their presence must not mean "harmless".
        if self._policy.harmless_scenes and rng.random() < (0.15 if sample.label == "no_fire" else 0.07):
            out = add_lights(out, rng)
        return View(out, self._one_hot(sample.label))

    def _backdrop(self, rng: Generator) -> Picture | None:
        if not self._policy.composites or not self._harmless or rng.random() < 0.5:
            return None
        return self._cache.get(self._harmless[int(rng.integers(0, len(self._harmless)))].path)

    def _composite(self, rng: Generator) -> View:
        background = self._harmless_view(rng)
        kind = rng.random()
        if kind < 0.45:
            pasted = composites.paste(background, self._patch(self._flames, rng), rng, glowing=True)
            small = pasted.extent < TINY_FLAME
            target = self._one_hot("fire")
            if small and "start_fire" in self._classes:
                target = 0.6 * target + 0.4 * self._one_hot("start_fire")
            return View(pasted.picture, target)
        if kind < 0.6 and self._smoke and "start_fire" in self._classes:
            pasted = composites.paste(background, self._patch(self._smoke, rng), rng, glowing=False)
            return View(pasted.picture, self._one_hot("start_fire"))
        # The control: the same seams and glow from harmless patches.
        patch = harmless_scene(64, rng) if rng.random() < 0.3 else self._harmless_patch(rng)
        pasted = composites.paste(background, patch, rng, glowing=bool(rng.random() < 0.7))
        return View(pasted.picture, self._one_hot("no_fire"))

    def _harmless_view(self, rng: Generator) -> Picture:
        if rng.random() < 0.1:
            return harmless_scene(self._size, rng)
        picture = self._cache.get(self._harmless[int(rng.integers(0, len(self._harmless)))].path)
        window = geometry.choose_window(picture.shape, (), self._policy.min_crop, self._policy.zoom_out, rng)
        out = geometry.view(picture, window, self._size, None, rng)
        if rng.random() < 0.3:
            out = nightfall(out, rng)
        return out

    def _harmless_patch(self, rng: Generator) -> Picture:
        picture = self._cache.get(self._harmless[int(rng.integers(0, len(self._harmless)))].path)
        left, top = rng.uniform(0, 0.6, 2)
        return composites.cut_box(picture, (left, top, left + rng.uniform(0.2, 0.4), top + rng.uniform(0.2, 0.4)), 0.0)

    def _patch(self, boxes: list[tuple[Sample, Box]], rng: Generator) -> Picture:
        sample, box = boxes[int(rng.integers(0, len(boxes)))]
        corners = (box.left, box.top, box.right, box.bottom)
        return composites.cut_box(self._cache.get(sample.path), corners, float(rng.uniform(0.0, 0.25)))

    def _one_hot(self, label: str) -> Target:
        target = np.zeros(len(self._classes), np.float32)
        target[self._classes.index(label)] = 1.0
        return target


def _boxes_of(dataset: Dataset, kind: str) -> list[tuple[Sample, Box]]:
    """Boxes that are large enough (2 % of the picture) to be pasted elsewhere."""
    return [(s, b) for s in dataset.samples for b in s.boxes if b.kind == kind and b.area > 0.02]
