"""Opens a model package: nothing in it is used before its hash was verified."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator, Tuple, Type, TypeVar

from pydantic import BaseModel, ValidationError

from hackai_shared.serving.manifest import FileEntry, Manifest, Variant

MANIFEST = "manifest.json"
MAX_MANIFEST_BYTES = 1_000_000

P = TypeVar("P", bound=BaseModel)


class PackageError(ValueError):
    """A model package is incomplete, changed or not valid; the message names the file and the reason."""


@dataclass(frozen=True)
class ModelPackage:
    """A verified package on disk."""

    folder: Path
    manifest: Manifest

    @property
    def id(self) -> str:
        """``<name>/<version>``."""
        return f"{self.manifest.name}/{self.manifest.version}"

    def variant(self, name: str) -> Tuple[Variant, Path]:
        """Return a variant and the path of its file.

        Raises:
            PackageError: the package has no such variant.
        """
        for known, variant in self.manifest.variants.items():
            if known == name:
                return variant, self.folder / variant.file
        raise PackageError(f"{self.id} has no variant {name!r}; it has {sorted(self.manifest.variants)}")


def read_manifest(folder: Path) -> Manifest:
    """Return the manifest in a folder without looking at the other files.

    Raises:
        PackageError: it is missing or not valid.
    """
    return read_part(folder / MANIFEST, Manifest, MAX_MANIFEST_BYTES)


def read_part(path: Path, kind: Type[P], max_bytes: int) -> P:
    """Return a JSON file of a package.

    Raises:
        PackageError: it is missing, larger than ``max_bytes``, or not valid.
    """
    try:
        if path.stat().st_size > max_bytes:
            raise PackageError(f"{path}: larger than {max_bytes} bytes")
        return kind.model_validate_json(path.read_bytes())
    except OSError as error:
        raise PackageError(f"{path}: {error.strerror}") from error
    except ValidationError as error:
        raise PackageError(f"{path}: {error}") from error


def open_package(folder: Path, *, require_gate: bool = True) -> ModelPackage:
    """Return the package in a folder after every file's size and SHA-256 were verified.

    Raises:
        PackageError: the manifest is not valid, a file is missing or differs, or there is no gate report although
            ``require_gate``.
    """
    manifest = read_manifest(folder)
    if require_gate and manifest.gate is None:
        raise PackageError(f"{folder}: no gate report; let the compression worker judge the model first")
    for entry in _files(manifest):
        _verify(folder, entry)
    return ModelPackage(folder, manifest)


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


def _files(manifest: Manifest) -> Iterator[FileEntry]:
    yield from manifest.variants.values()
    yield manifest.card
    if manifest.gate is not None:
        yield manifest.gate


def _verify(folder: Path, entry: FileEntry) -> None:
    path = folder / entry.file
    try:
        size = path.stat().st_size
        if size != entry.size_bytes:
            raise PackageError(f"{path}: {size} bytes, the manifest says {entry.size_bytes}")
        found = sha256_of(path)
    except OSError as error:
        raise PackageError(f"{path}: {error.strerror}") from error
    if found != entry.sha256:
        raise PackageError(f"{path}: SHA-256 {found}, the manifest says {entry.sha256}")
