"""Validation splits that keep near-duplicates together."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict

from hackai_compression.datasets.samples import Dataset
from hackai_compression.errors import DatasetError


def split_by_group(dataset: Dataset, fraction: float, seed: int) -> tuple[Dataset, Dataset]:
    """(training, validation): whole groups move, about `fraction` of each (source, class).

    Which groups move depends on the seed and the group's name alone, so a picture that is added
    later does not reshuffle the others.

    Raises `DatasetError` when `fraction` is not between 0 and 1 or a part would be empty.
    """
    if not 0.0 < fraction < 1.0:
        raise DatasetError(f"the validation fraction must be between 0 and 1, got {fraction}")
    members: dict[str, list[int]] = defaultdict(list)
    for i, sample in enumerate(dataset.samples):
        members[sample.group].append(i)
    wanted = {k: fraction * n for k, n in Counter((s.source, s.label) for s in dataset.samples).items()}
    taken: Counter[tuple[str, str]] = Counter()
    validation: set[int] = set()
    for group in sorted(members, key=lambda g: _rank(g, seed)):
        strata = Counter((dataset.samples[i].source, dataset.samples[i].label) for i in members[group])
        if all(taken[k] + n <= wanted[k] + 0.5 for k, n in strata.items()):
            validation.update(members[group])
            taken.update(strata)
    if not validation or len(validation) == len(dataset):
        raise DatasetError(f"{len(dataset)} pictures in {len(members)} groups cannot be split at {fraction}")
    held = [i in validation for i in range(len(dataset))]
    return dataset.where(not h for h in held), dataset.where(held)


def _rank(group: str, seed: int) -> bytes:
    return hashlib.sha256(f"{seed}:{group}".encode()).digest()
