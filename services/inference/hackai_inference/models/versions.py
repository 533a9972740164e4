"""The versions of one model: which packages there are, which one is active, and how to change that safely.

A package is verified, loaded and tried before it becomes the active one, so a bad package never takes the good one
down. Explicit activations are kept in a file; without one the highest version that works is active.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Dict, Generic, Iterator, List, Optional, TypeVar

import structlog
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from typing_extensions import Protocol

from hackai_inference.runtimes import LoadedVariant, open_session
from hackai_shared.messages import ModelRef, utc_now
from hackai_shared.serving.manifest import Manifest
from hackai_shared.serving.package import MANIFEST, ModelPackage, PackageError, open_package, read_manifest
from hackai_shared.serving.session import SessionError

log = structlog.get_logger(__name__)

# Activations remembered per model: enough to walk back, small enough to read.
HISTORY_LENGTH = 20
# The models of a service share one file of activations, and each of them is changed on a thread of its own.
_WRITING = threading.Lock()


class UnknownModel(LookupError):
    """There is no such model, or no such version of it."""


class NothingToRollBackTo(RuntimeError):
    """No activation is recorded before the present one."""


class Activation(BaseModel):
    """An explicit choice of a version."""

    model_config = ConfigDict(frozen=True)

    version: int = Field(ge=1)
    at: datetime


class History(BaseModel):
    """The activations of every model, oldest first."""

    activations: Dict[str, List[Activation]] = Field(default_factory=dict)


class Loaded(Protocol):
    """A model that is loaded, whatever its task; replaced as a whole."""

    @property
    def ref(self) -> ModelRef:
        """Which one it is."""

    @property
    def runtime(self) -> str:
        """What runs it."""

    @property
    def device(self) -> str:
        """What that really uses, asked after the model was loaded."""


M = TypeVar("M", bound=Loaded)


@dataclass(frozen=True)
class StoredVersion:
    """What is known of a version on disk without loading it: its manifest, or why it cannot be read."""

    version: int
    manifest: Optional[Manifest]
    error: Optional[str] = None


class Versions(ABC, Generic[M]):
    """The packages under ``models_dir`` and the one that is active; safe to call from several threads."""

    def __init__(
        self, models_dir: Path, state_dir: Path, name: str, *, runtime: str, variant: str, threads: int
    ) -> None:
        self._models_dir = models_dir
        self._state_dir = state_dir
        self._history_file = state_dir / "activations.json"
        self.name = name
        self._runtime = runtime
        self._variant = variant
        self._threads = threads
        self._active: Optional[M] = None
        # Serialises changes only; readers take the reference as it is.
        self._changing = threading.Lock()

    @property
    def active(self) -> M:
        """The model that judges now.

        Raises:
            UnknownModel: none is loaded yet.
        """
        if self._active is None:
            raise UnknownModel(f"no version of {self.name} is loaded")
        return self._active

    def load(self) -> M:
        """Load the version that was activated last, else the highest; a bad one is logged and the next one tried.

        Raises:
            PackageError: no version can be used; the message gives the reason for each.
        """
        reasons = []
        with self._changing:
            for version in self._candidates():
                try:
                    self._active = self._open(version)
                except (PackageError, SessionError) as error:
                    log.error("model package cannot be used", model=self.name, version=version, error=str(error))
                    reasons.append(f"version {version}: {error}")
                    continue
                return self._active
        found = "; ".join(reasons) or f"no folder {self._models_dir / self.name}/<version> with a {MANIFEST}"
        raise PackageError(f"no usable version of {self.name}: {found}")

    def activate(self, name: str, version: int) -> M:
        """Verify, load and try a version, then let it judge; the former one goes on where anything of that fails.

        Raises:
            UnknownModel: there is no such package.
            PackageError: the package is not complete, changed, not judged, or of another task.
            SessionError: the runtime cannot load or run it.
        """
        with self._changing:
            self._require(name, version)
            before = self.active.ref.version
            self._active = self._open(version)
            past = self.history(name) or [Activation(version=before, at=utc_now())]
            self._write_history(name, [*past, Activation(version=version, at=utc_now())])
            log.info("model activated", model=name, version=version, before=before)
            return self._active

    def rollback(self, name: str) -> M:
        """Return to the version that was active before the last activation.

        Raises:
            UnknownModel: there is no such model, or the former version's package is gone.
            NothingToRollBackTo: nothing was activated before.
            PackageError, SessionError: as for :meth:`activate`.
        """
        with self._changing:
            if name != self.name:
                raise UnknownModel(f"no model {name}; this service runs {self.name}")
            past = self.history(name)
            if len(past) < 2:
                raise NothingToRollBackTo(f"no version of {name} was active before the present one")
            self._require(name, past[-2].version)
            self._active = self._open(past[-2].version)
            self._write_history(name, past[:-1])
            log.info("model rolled back", model=name, version=past[-2].version, before=past[-1].version)
            return self._active

    def names(self) -> List[str]:
        """Return the names of all models on disk."""
        return sorted(folder.name for folder in _folders(self._models_dir) if any(_numbered(folder)))

    def versions(self, name: str) -> List[StoredVersion]:
        """Return the versions of a model on disk, highest first, without verifying their files.

        Raises:
            UnknownModel: there is none.
        """
        if name not in self.names():
            raise UnknownModel(f"no model {name}; there are {self.names()}")
        return [self._stored(name, version) for version in self._numbers(name)]

    def task(self, name: str, version: int) -> Optional[str]:
        """Return what a version on disk is for; None: there is none that can be read."""
        manifest = self._stored(name, version).manifest
        return None if manifest is None else manifest.task

    def history(self, name: str) -> List[Activation]:
        """Return the explicit activations of a model, oldest first."""
        return self._read_history().activations.get(name, [])

    def _stored(self, name: str, version: int) -> StoredVersion:
        try:
            return StoredVersion(version, read_manifest(self._models_dir / name / str(version)))
        except PackageError as error:
            return StoredVersion(version, None, str(error))

    def _candidates(self) -> List[int]:
        chosen = [activation.version for activation in reversed(self.history(self.name))]
        return list(dict.fromkeys([*chosen, *self._numbers(self.name)]))

    def _numbers(self, name: str) -> List[int]:
        return sorted((int(folder.name) for folder in _numbered(self._models_dir / name)), reverse=True)

    def _require(self, name: str, version: int) -> None:
        if name != self.name:
            raise UnknownModel(f"no model {name}; this service runs {self.name}")
        if version not in self._numbers(name):
            raise UnknownModel(f"no version {version} of {name}; there are {self._numbers(name)}")

    def _open(self, version: int, variant: Optional[str] = None) -> M:
        package = open_package(self._models_dir / self.name / str(version))
        if (package.manifest.name, package.manifest.version) != (self.name, version):
            raise PackageError(f"{package.folder}: the manifest says that it is {package.id}")
        loaded = open_session(package, self._runtime, variant or self._variant, self._threads, self._state_dir)
        ref = ModelRef(name=self.name, version=version, variant=loaded.variant)
        return self._try(package, loaded, ref)

    @abstractmethod
    def _try(self, package: ModelPackage, loaded: LoadedVariant, ref: ModelRef) -> M:
        """Run it once: the first run allocates, and a graph that loads but does not run is found before it counts.

        Raises:
            PackageError: it is of another task.
            SessionError: it does not run, or returns NaN.
        """

    def _read_history(self) -> History:
        try:
            return History.model_validate_json(self._history_file.read_bytes())
        except FileNotFoundError:
            return History()
        except (OSError, ValidationError) as error:
            log.error("activations cannot be read, the highest version counts", error=str(error))
            return History()

    def _write_history(self, name: str, past: List[Activation]) -> None:
        """Write beside the file, then move over it: a power cut leaves the old or the new one, never half of one."""
        with _WRITING:
            changed = History(activations={**self._read_history().activations, name: past[-HISTORY_LENGTH:]})
            self._history_file.parent.mkdir(parents=True, exist_ok=True)
            draft = self._history_file.with_suffix(".tmp")
            draft.write_text(changed.model_dump_json(indent=2), encoding="utf-8")
            draft.replace(self._history_file)


def _folders(parent: Path) -> Iterator[Path]:
    if parent.is_dir():
        yield from (child for child in parent.iterdir() if child.is_dir())


def _numbered(parent: Path) -> Iterator[Path]:
    return (child for child in _folders(parent) if child.name.isdecimal() and child.name == str(int(child.name)))
