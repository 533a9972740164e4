"""Groups of near-duplicates for data that comes without any."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from hackai_compression.datasets.near_duplicates import find_near_duplicates
from hackai_compression.datasets.samples import Dataset


def with_groups(dataset: Dataset) -> Dataset:
    """The dataset with near-duplicates, and what already was one group, in one group, named after its first picture."""
    paths = [s.path for s in dataset.samples]
    first: dict[str, Path] = {}
    known = [(first.setdefault(s.group, s.path), s.path) for s in dataset.samples]
    names = group_names(paths, [*known, *((pair.first, pair.second) for pair in find_near_duplicates(paths, paths))])
    return Dataset(dataset.classes, tuple(replace(s, group=names[s.path]) for s in dataset.samples))


def group_names(paths: Iterable[Path], pairs: Iterable[tuple[Path, Path]]) -> dict[Path, str]:
    """The name of each picture's group: what is alike, also over others between them, is together."""
    leader = {path: path for path in paths}

    def find(path: Path) -> Path:
        while leader[path] != path:
            path = leader[path]
        return path

    for pair in pairs:
        earlier, later = sorted(find(path) for path in pair)
        leader[later] = earlier
    return {path: find(path).stem for path in leader}
