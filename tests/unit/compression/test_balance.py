from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import pytest

from hackai_compression.datasets.balance import drawing_weights
from hackai_compression.datasets.samples import FIRE_CLASSES, Dataset, Sample

COUNTS = {("web", "fire"): 60, ("web", "no_fire"): 10, ("rooms", "no_fire"): 10, ("towns", "no_fire"): 20}


def dataset() -> Dataset:
    return Dataset(
        FIRE_CLASSES,
        tuple(
            Sample(Path(f"{source}-{label}-{i}.jpg"), label, source, f"{source}{i}")
            for (source, label), count in COUNTS.items()
            for i in range(count)
        ),
    )


def drawn(evenness: float) -> dict[tuple[str, str], float]:
    found: dict[tuple[str, str], float] = defaultdict(float)
    samples = dataset()
    for sample, weight in zip(samples.samples, drawing_weights(samples, evenness), strict=True):
        found[sample.source, sample.label] += weight
    return found


def test_without_evenness_every_picture_is_drawn_alike() -> None:
    assert drawing_weights(dataset(), 0.0) == pytest.approx([0.01] * 100)


def test_evenly_every_class_and_in_it_every_source_is_drawn_alike() -> None:
    found = drawn(1.0)
    assert found["web", "fire"] == pytest.approx(0.5)
    assert [found[s, "no_fire"] for s in ("web", "rooms", "towns")] == pytest.approx([1 / 6] * 3)


def test_in_between_a_source_counts_by_the_root_of_its_size() -> None:
    found = drawn(0.5)
    assert sum(found.values()) == pytest.approx(1.0)
    assert found["web", "fire"] == pytest.approx(60**0.5 / (60**0.5 + 40**0.5))
    assert found["towns", "no_fire"] / found["rooms", "no_fire"] == pytest.approx(2**0.5)
