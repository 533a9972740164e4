"""The pictures that a model gets most confidently wrong: where to look for better data."""

from __future__ import annotations

import numpy as np
from pydantic import BaseModel, ConfigDict

from hackai_compression.datasets.samples import Dataset
from hackai_compression.judging.predictions import Predictions
from hackai_compression.judging.temperature import softmax


class Mistake(BaseModel):
    """One picture, its label, what the model says instead, and how sure it is."""

    model_config = ConfigDict(frozen=True)

    path: str
    label: str
    predicted: str
    probability: float


def worst_mistakes(dataset: Dataset, predictions: Predictions, temperature: float, count: int = 24) -> list[Mistake]:
    """Wrong pictures, the most confident first."""
    probabilities = softmax(predictions.logits / temperature)
    chosen = probabilities.argmax(axis=1)
    confidence = probabilities.max(axis=1)
    wrong = np.flatnonzero(chosen != predictions.labels)
    return [
        Mistake(
            path=str(dataset.samples[i].path),
            label=dataset.samples[i].label,
            predicted=dataset.classes[int(chosen[i])],
            probability=round(float(confidence[i]), 4),
        )
        for i in wrong[np.argsort(-confidence[wrong])][:count]
    ]
