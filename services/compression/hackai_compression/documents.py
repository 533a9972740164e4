"""Recipes, searches and experiments as files: read by one reader, every mistake named with its line."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from hackai_compression.errors import RecipeError
from hackai_shared.explain import explain
from hackai_shared.yaml_document import OWNED, SENT, YamlDocument, YamlError, read_yaml, read_yaml_file


class Strict(BaseModel):
    """A part of such a file: immutable, unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)


D = TypeVar("D", bound=BaseModel)


def read_as(kind: type[D], text: str, name: str) -> D:
    """A YAML text that somebody sent, as `kind`. Raises `RecipeError` that names every wrong key with its line."""
    try:
        document = read_yaml(text, SENT)
    except YamlError as error:
        raise _refused(error, name) from error
    return _valid(kind, document, name)


def load_as(kind: type[D], path: Path) -> D:
    """A YAML file of one's own as `kind`; it may use anchors. Raises `RecipeError` when it is missing or not valid."""
    try:
        document = read_yaml_file(path, OWNED)
    except OSError as error:
        raise RecipeError(f"{path}: {error.strerror}") from error
    except YamlError as error:
        raise _refused(error, path.name) from error
    return _valid(kind, document, path.name)


def _refused(error: YamlError, name: str) -> RecipeError:
    return RecipeError("\n".join(f"{name}:{fault}" for fault in error.faults))


def _valid(kind: type[D], document: YamlDocument, name: str) -> D:
    if not isinstance(document.data, dict):
        raise RecipeError(f"{name}:1: a mapping (`name: …`) is expected, found {type(document.data).__name__}")
    try:
        return kind.model_validate(document.data)
    except ValidationError as error:
        lines = [f"{name}:{document.line_of(e['loc'])}: {_where(e['loc'])}: {explain(e)}" for e in error.errors()]
        raise RecipeError("\n".join(lines)) from error


def _where(location: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in location) or "recipe"
