"""Every model that answers requests, whatever its task: the classifier that judges and the detector beside it."""

from __future__ import annotations

from typing import Callable, Optional

from hackai_inference.detecting import SecondLook
from hackai_inference.registry import ActiveModel, UnknownModel
from hackai_shared.messages import ModelRef
from hackai_shared.serving.manifest import Manifest
from hackai_shared.serving.session import InferenceSession


class Served:
    """One loaded model; keeps it in memory as long as a request needs it."""

    def __init__(self, ref: ModelRef, manifest: Manifest, session: InferenceSession) -> None:
        self.ref = ref
        self.manifest = manifest
        self.session = session


class ServedModels:
    """Finds models by name; the classifier may be replaced at any time."""

    def __init__(self, classifier: Callable[[], ActiveModel], detector: Optional[SecondLook] = None) -> None:
        self._classifier = classifier
        self.detector = detector

    def find(self, name: str, version: Optional[str] = None) -> Served:
        """Return a model that answers now.

        Raises:
            UnknownModel: no such model, or another version of it, is loaded.
        """
        active = self._classifier()
        served = Served(active.ref, active.manifest, active.classifier.session)
        if self.detector is not None and name == self.detector.ref.name:
            detector = self.detector.detector
            served = Served(self.detector.ref, detector.package.manifest, detector.session)
        if name != served.ref.name:
            others = [active.ref.name] + ([self.detector.ref.name] if self.detector is not None else [])
            raise UnknownModel(f"no model {name!r} is loaded; {' and '.join(map(repr, others))} answer")
        if version is not None and version != str(served.ref.version):
            raise UnknownModel(f"version {version} of {name} is not active; {served.ref.version} is")
        return served
