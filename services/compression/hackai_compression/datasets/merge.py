"""Adds another source to the training pictures: boxes where the picture is known, new pictures where not."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from hackai_compression.datasets.near_duplicates import NearDuplicate, find_near_duplicates
from hackai_compression.datasets.samples import Dataset, Sample


def attach_boxes(dataset: Dataset, boxed: Dataset) -> tuple[Dataset, list[Sample]]:
    """(the dataset with the boxes of pictures of the same file name, the boxed pictures that it lacks)."""
    boxes = {s.path.name: s.boxes for s in boxed.samples}
    known = {s.path.name for s in dataset.samples}
    enriched = tuple(replace(s, boxes=boxes.get(s.path.name, s.boxes)) for s in dataset.samples)
    return Dataset(dataset.classes, enriched), [s for s in boxed.samples if s.path.name not in known]


def unseen(candidates: list[Sample], held_out: Iterable[Sample]) -> tuple[list[Sample], list[NearDuplicate]]:
    """(candidates that resemble no held-out picture, the pairs that were dropped)."""
    pairs = find_near_duplicates([s.path for s in candidates], [s.path for s in held_out])
    dropped = {pair.first for pair in pairs}
    return [s for s in candidates if s.path not in dropped], pairs
