"""How often each picture is drawn: many sources give one class only, and a few give most of the pictures."""

from __future__ import annotations

from collections import Counter

import numpy as np
import numpy.typing as npt

from hackai_compression.datasets.samples import Dataset


def drawing_weights(dataset: Dataset, evenness: float) -> npt.NDArray[np.float64]:
    """(N,) probabilities that sum to 1.

    `evenness` 0: every picture alike. 1: every class alike, and within a class every source alike. In between, a
    source counts by its number of pictures to the power of `1 - evenness`, and so does a class.
    """
    sizes = Counter((s.source, s.label) for s in dataset.samples)
    shares = {key: n ** (1.0 - evenness) for key, n in sizes.items()}
    totals = {label: sum(v for (_, name), v in shares.items() if name == label) for label in dataset.classes}
    classes = {label: count ** (1.0 - evenness) for label, count in dataset.counts().items()}
    weights = np.array(
        [
            classes[s.label] * shares[s.source, s.label] / totals[s.label] / sizes[s.source, s.label]
            for s in dataset.samples
        ]
    )
    return np.asarray(weights / weights.sum())
