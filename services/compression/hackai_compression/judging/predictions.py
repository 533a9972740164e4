"""Runs a package over a dataset exactly as serving does: bytes in, logits out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hackai_compression.datasets.samples import Dataset
from hackai_compression.errors import DatasetError
from hackai_shared.serving.decoding import ImageError
from hackai_shared.serving.package import ModelPackage
from hackai_shared.serving.preprocessing import batch, load_for
from hackai_shared.serving.session import OnnxRuntimeSession

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Predictions:
    """Logits (N, C) float64 and labels (N,) of a dataset, in its order."""

    logits: npt.NDArray[np.float64]
    labels: npt.NDArray[np.int64]


def predict(
    package: ModelPackage,
    variant: str,
    dataset: Dataset,
    *,
    threads: int = 1,
    batch_size: int = 16,
    progress: Progress | None = None,
) -> Predictions:
    """Logits of every picture. Raises `DatasetError` for a picture that serving would refuse."""
    session = OnnxRuntimeSession(package, variant, threads=threads)
    spec = package.manifest.input
    parts = []
    for start in range(0, len(dataset), batch_size):
        pictures = []
        for sample in dataset.samples[start : start + batch_size]:
            try:
                pictures.append(load_for(spec, sample.path.read_bytes()))
            except ImageError as error:
                raise DatasetError(f"{sample.path}: {error}") from error
        parts.append(session.run(batch(spec, pictures))["logits"].astype(np.float64))
        if progress is not None:
            progress(min(start + batch_size, len(dataset)), len(dataset))
    session.close()
    return Predictions(np.concatenate(parts), np.asarray(dataset.labels, dtype=np.int64))
