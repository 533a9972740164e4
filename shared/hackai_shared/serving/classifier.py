"""A classifier package and a session together: pictures in, calibrated probabilities and class activations out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, List, Optional, Sequence

import numpy as np

from hackai_shared.serving.package import ModelPackage, PackageError
from hackai_shared.serving.preprocessing import batch
from hackai_shared.serving.session import InferenceSession, SessionError


@dataclass(frozen=True)
class Classification:
    """The result of one picture."""

    label: str
    probabilities: Dict[str, float]
    cam: Optional["np.ndarray[Any, Any]"]
    """Class activations ``(C, h, w) float32``, in the order of the package's classes; None if the graph has none."""


class Classifier:
    """Runs a classification package; safe to call from several threads."""

    def __init__(self, package: ModelPackage, session: InferenceSession) -> None:
        if package.manifest.task != "classification":
            raise PackageError(f"{package.id} is a {package.manifest.task} package, not a classifier")
        self.package = package
        self.session = session
        self.classes = list(package.manifest.classes)
        self._temperature = package.manifest.temperature

    def classify(self, pictures: Sequence["np.ndarray[Any, Any]"]) -> List[Classification]:
        """Return one result per picture ``(height, width, 3) uint8 RGB``, fitted to the model's input.

        Raises:
            SessionError: the runtime failed, or the model returned NaN.
        """
        outputs = self.session.run(batch(self.package.manifest.input, pictures))
        probabilities = softmax(outputs["logits"] / self._temperature)
        cams = outputs.get("cam")
        if not np.isfinite(probabilities).all():
            raise SessionError(f"{self.package.id} returned a value that is not a number")
        return [
            Classification(
                label=self.classes[int(row.argmax())],
                probabilities={name: float(value) for name, value in zip(self.classes, row)},
                cam=None if cams is None else cams[index],
            )
            for index, row in enumerate(probabilities)
        ]


def softmax(logits: "np.ndarray[Any, Any]") -> "np.ndarray[Any, Any]":
    """Return the softmax over the last axis, in float64 and without overflow."""
    shifted = logits.astype(np.float64) - logits.max(axis=-1, keepdims=True)
    powers = np.exp(shifted)
    return powers / powers.sum(axis=-1, keepdims=True)  # type: ignore[no-any-return]
