"""Reads ``config.yml``: a mistake is named with file, line, key and what was expected."""

from __future__ import annotations

import difflib
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, List, Mapping, Optional, Sequence, Tuple, Type, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from hackai_shared.addresses import encoded_credential, in_credentials
from hackai_shared.config.schema import HackAIConfig
from hackai_shared.explain import explain
from hackai_shared.redaction import redact_url
from hackai_shared.yaml_document import OWNED, YamlDocument, YamlError, read_yaml, read_yaml_file

Path_ = Tuple[str, ...]
C = TypeVar("C", bound=BaseModel)
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
# Keys at the top that mean nothing to us: what an anchor names needs a place.
EXTENSION = "x-"


@dataclass(frozen=True)
class ConfigProblem:
    """One mistake in a configuration file; lines and columns count from 1."""

    file: str
    line: int
    column: int
    key: str
    message: str
    suggestion: str = ""

    def __str__(self) -> str:
        hint = f" ({self.suggestion})" if self.suggestion else ""
        return f"{self.file}:{self.line}:{self.column}: {self.key or '<file>'}: {self.message}{hint}"


class ConfigError(ValueError):
    """The configuration cannot be used; ``problems`` names every mistake."""

    def __init__(self, problems: Sequence[ConfigProblem]) -> None:
        self.problems = list(problems)
        super().__init__("\n".join(str(problem) for problem in problems))


def load_config(path: Path, environment: Optional[Mapping[str, str]] = None) -> HackAIConfig:
    """Return the configuration in a file.

    Raises:
        ConfigError: the file is missing, not YAML, or does not fit the schema.
    """
    try:
        document = read_yaml_file(path, OWNED)
    except OSError as error:
        hint = "copy config.example.yml and edit it"
        raise ConfigError([ConfigProblem(str(path), 1, 1, "", error.strerror or str(error), hint)]) from error
    except YamlError as error:
        raise _config_error(error, str(path)) from error
    return _model(document, HackAIConfig, str(path), os.environ if environment is None else environment)


def parse_config(text: str, file: str = "<config>", *, environment: Optional[Mapping[str, str]] = None) -> HackAIConfig:
    """Return the configuration in a YAML text.

    ``${NAME}`` in a string is replaced from ``environment`` (default: ``os.environ``); in the user name and the
    password of a URL it is percent-encoded on the way. Keys at the top that begin with ``x-`` are left out: a place for
    what anchors name.

    Raises:
        ConfigError: as for :func:`load_config`.
    """
    try:
        document = read_yaml(text, OWNED)
    except YamlError as error:
        raise _config_error(error, file) from error
    return _model(document, HackAIConfig, file, os.environ if environment is None else environment)


def _config_error(error: YamlError, file: str) -> ConfigError:
    return ConfigError(
        [ConfigProblem(file, f.line, f.column, ".".join(f.place), f.message, f.suggestion) for f in error.faults]
    )


def _model(document: YamlDocument, model: Type[C], file: str, environment: Mapping[str, str]) -> C:
    data = {} if document.data is None else document.data
    if isinstance(data, dict):
        data = {key: value for key, value in data.items() if not str(key).startswith(EXTENSION)}
    reader = _Reader(document, file, environment)
    data = reader.interpolated(data, ())
    if reader.problems:
        raise ConfigError(reader.problems)
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise ConfigError([reader.problem(model, details) for details in error.errors()]) from error


class _Reader:
    """Fills in variables, and says of each mistake where it stands."""

    def __init__(self, document: YamlDocument, file: str, environment: Mapping[str, str]) -> None:
        self.file = file
        self.problems: List[ConfigProblem] = []
        self._environment = environment
        self._marks = document.marks
        self._keys = document.keys

    def interpolated(self, value: Any, place: Path_) -> Any:
        """Return plain data with its variables filled in."""
        if isinstance(value, dict):
            return {key: self.interpolated(child, (*place, str(key))) for key, child in value.items()}
        if isinstance(value, list):
            return [self.interpolated(child, (*place, str(index))) for index, child in enumerate(value)]
        return self._interpolate(value, place) if isinstance(value, str) else value

    def _interpolate(self, value: str, place: Path_) -> str:
        def replace(match: "re.Match[str]") -> str:
            name = match.group(1)
            if name not in self._environment:
                line, column = self._marks[place]
                hint = f"export {name}=…"
                self.problems.append(
                    ConfigProblem(self.file, line, column, self._dotted(place), f"variable {name} is not set", hint)
                )
            secret = self._environment.get(name, "")
            return encoded_credential(secret) if in_credentials(value, match.start()) else secret

        return _VARIABLE.sub(replace, value)

    def problem(self, model: Type[BaseModel], details: Any) -> ConfigProblem:
        """Return what pydantic found, at the place in the file where it stands."""
        path = tuple(str(part) for part in details["loc"] if part != "[key]")
        known = path
        while known not in self._marks and known:
            known = _parent(known)
        line, column = self._marks.get(known, (1, 1))
        # The tag of a discriminated union ("pyav") is part of pydantic's location but stands nowhere in the file.
        shown = tuple(
            part for index, part in enumerate(path) if path[: index + 1] in self._marks or index == len(path) - 1
        )
        key = self._dotted(shown)
        if details["type"] == "extra_forbidden":
            near = difflib.get_close_matches(path[-1], _fields_at(model, path[:-1]), n=1)
            hint = f"did you mean {near[0]}?" if near else "see: hackai config schema"
            return ConfigProblem(self.file, *self._line_of(path), key, "unknown key", hint)
        if details["type"] == "string_type" and "[key]" in details["loc"] and path in self._keys:
            text = self._keys[path]
            message = f"YAML does not read {text} as text but as a number"
            return ConfigProblem(self.file, line, column, key, message, f'put it in quotes: "{text}"')
        message = explain(details)
        value = details.get("input")
        if details["type"] == "string_type" and isinstance(value, (int, float)):
            return ConfigProblem(self.file, line, column, key, message, "put it in quotes")
        if details["type"] in ("list_type", "tuple_type") and isinstance(value, (str, int)):
            return ConfigProblem(self.file, line, column, key, message, "write a list: [one, two]")
        # An address without a scheme may hold a password, and nothing says where it ends.
        secret = isinstance(value, str) and "@" in value and "://" not in value
        if isinstance(value, (str, int, float, bool)) and details["type"] != "missing" and not secret:
            message = f"{message}, got {redact_url(repr(value))}"
        return ConfigProblem(self.file, line, column, key, message)

    def _dotted(self, path: Path_) -> str:
        return ".".join(self._keys.get(path[: index + 1], part) for index, part in enumerate(path))

    def _line_of(self, path: Path_) -> Tuple[int, int]:
        for candidate, mark in self._marks.items():
            if candidate == path or (
                len(candidate) < len(path) and candidate[-1:] == path[-1:] and _within(candidate, path)
            ):
                return mark
        return (1, 1)


def _within(shorter: Path_, longer: Path_) -> bool:
    """Return whether ``shorter`` is ``longer`` with some parts left out, in order."""
    rest = iter(longer)
    return all(part in rest for part in shorter)


def _parent(path: Path_) -> Path_:
    return path[:-1]


def _fields_at(model: Any, path: Path_) -> List[str]:
    """Return the names of the fields of the section at ``path``, looking through dicts, lists and unions."""
    models = [model]
    for part in path:
        following: List[Any] = []
        for candidate in models:
            if isinstance(candidate, type) and issubclass(candidate, BaseModel):
                if part in candidate.model_fields:
                    following.extend(_models_in(candidate.model_fields[part].annotation))
                elif _has_tag(candidate, part):
                    following.append(candidate)
        models = following or models
    return sorted({name for candidate in models for name in getattr(candidate, "model_fields", {})})


def _has_tag(model: Type[BaseModel], part: Any) -> bool:
    field = model.model_fields.get("type")
    return field is not None and part in get_args(field.annotation)


def _models_in(annotation: Any) -> List[Any]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for argument in get_args(annotation) for model in _models_in(argument)]
