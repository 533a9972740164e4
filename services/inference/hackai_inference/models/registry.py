"""The classifiers: the versions of the model that judges every frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hackai_inference.models.versions import Versions
from hackai_inference.runtimes import LoadedVariant
from hackai_shared.messages import ModelRef
from hackai_shared.serving.classifier import Classifier
from hackai_shared.serving.manifest import Manifest
from hackai_shared.serving.package import ModelPackage, PackageError


@dataclass(frozen=True)
class ActiveModel:
    """A model that judges; replaced as a whole, and freed when the last picture that it judges is done."""

    classifier: Classifier
    ref: ModelRef
    runtime: str
    device: str

    @property
    def manifest(self) -> Manifest:
        """The manifest of its package."""
        return self.classifier.package.manifest


class Registry(Versions[ActiveModel]):
    """The versions of a classifier; one of them judges."""

    def open(self, name: str, version: int, variant: str) -> ActiveModel:
        """Return a variant of a version, verified and tried, without letting it judge anything.

        Raises:
            UnknownModel, PackageError, SessionError: as for :meth:`activate`.
        """
        if name != self.name and self.task(name, version) == "detection":
            raise PackageError(f"{name} is a detector, and only versions of {self.name} are compared on live frames")
        self._require(name, version)
        return self._open(version, variant)

    def _try(self, package: ModelPackage, loaded: LoadedVariant, ref: ModelRef) -> ActiveModel:
        classifier = Classifier(package, loaded.session)
        spec = package.manifest.input
        classifier.classify([np.zeros((spec.height, spec.width, 3), np.uint8)])
        return ActiveModel(classifier, ref, loaded.session.runtime, loaded.session.device)
