"""Every model that answers requests, whatever its task: the classifier that judges and the detector beside it."""

from __future__ import annotations

from typing import List, Optional, Union

from typing_extensions import Literal

from hackai_inference.models.detectors import SecondLook, SecondLooks
from hackai_inference.models.registry import ActiveModel, Registry
from hackai_inference.models.versions import UnknownModel
from hackai_shared.messages import ModelRef
from hackai_shared.serving.manifest import Manifest
from hackai_shared.serving.session import InferenceSession

ModelRole = Literal["first", "second_opinion", "detector"]
AnyVersions = Union[Registry, SecondLooks]


class Served:
    """One loaded model; keeps it in memory as long as a request needs it."""

    def __init__(self, ref: ModelRef, manifest: Manifest, session: InferenceSession) -> None:
        self.ref = ref
        self.manifest = manifest
        self.session = session


class ServedModels:
    """Finds models by name; each of them may be replaced by another version at any time."""

    def __init__(
        self,
        registry: Registry,
        detectors: Optional[SecondLooks] = None,
        opinion: Optional[ActiveModel] = None,
    ) -> None:
        self.registry = registry
        self.detectors = detectors
        self.opinion = opinion

    @property
    def all(self) -> List[AnyVersions]:
        """The versions of each model that runs here, the classifier first."""
        return [self.registry] if self.detectors is None else [self.registry, self.detectors]

    def versions_of(self, name: str) -> AnyVersions:
        """Return the versions of a model that this service runs.

        Raises:
            UnknownModel: it runs none of this name.
        """
        for versions in self.all:
            if versions.name == name:
                return versions
        running = " and ".join(versions.name for versions in self.all)
        raise UnknownModel(f"no model {name}; this service runs {running}")

    def active(self, name: str) -> Union[ActiveModel, SecondLook, None]:
        """Return the version of a model that runs here; None where this service does not run it."""
        return next((versions.active for versions in self.all if versions.name == name), None)

    def running(self, name: str) -> Union[ActiveModel, SecondLook, None]:
        """Return the version of a model that judges here, the second opinion included; None where none does."""
        if self.opinion is not None and self.opinion.ref.name == name:
            return self.opinion
        return self.active(name)

    def role(self, name: str) -> ModelRole:
        """Return what a model that runs here does."""
        if self.opinion is not None and self.opinion.ref.name == name:
            return "second_opinion"
        return "first" if name == self.registry.name else "detector"

    def detector(self, name: Optional[str]) -> Optional[SecondLook]:
        """Return the active detector, where it has this name."""
        return self.detectors.active if self.detectors is not None and self.detectors.name == name else None

    def find(self, name: str, version: Optional[str] = None) -> Served:
        """Return a model that answers now.

        Raises:
            UnknownModel: no such model, or another version of it, is loaded.
        """
        found = self.active(name)
        if found is None:
            running = " and ".join(repr(versions.name) for versions in self.all)
            raise UnknownModel(f"no model {name!r} is loaded; {running} answer")
        if version is not None and version != str(found.ref.version):
            raise UnknownModel(f"version {version} of {name} is not active; {found.ref.version} is")
        loaded = found.classifier if isinstance(found, ActiveModel) else found.detector
        return Served(found.ref, found.manifest, loaded.session)
