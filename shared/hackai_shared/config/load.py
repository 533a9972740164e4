"""Reads ``config.yml``: a mistake is named with file, line, key and what was expected."""

from __future__ import annotations

import difflib
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple, Type, TypeVar, get_args

import yaml
from pydantic import BaseModel, ValidationError

from hackai_shared.addresses import encoded_credential, in_credentials
from hackai_shared.config.schema import HackAIConfig
from hackai_shared.redaction import redact_url

Path_ = Tuple[Any, ...]
C = TypeVar("C", bound=BaseModel)
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_NUMBERS = ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")
MAX_CONFIG_BYTES = 1_000_000


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
        text = path.read_bytes()[: MAX_CONFIG_BYTES + 1].decode("utf-8")
    except OSError as error:
        hint = "copy config.example.yml and edit it"
        raise ConfigError([ConfigProblem(str(path), 1, 1, "", error.strerror or str(error), hint)]) from error
    except UnicodeDecodeError as error:
        raise ConfigError([ConfigProblem(str(path), 1, 1, "", f"not UTF-8 text: {error.reason}")]) from error
    if len(text) > MAX_CONFIG_BYTES:
        raise ConfigError([ConfigProblem(str(path), 1, 1, "", f"larger than {MAX_CONFIG_BYTES} bytes")])
    return parse_config(text, str(path), environment=environment)


def parse_config(text: str, file: str = "<config>", *, environment: Optional[Mapping[str, str]] = None) -> HackAIConfig:
    """Return the configuration in a YAML text.

    ``${NAME}`` in a string is replaced from ``environment`` (default: ``os.environ``); in the user name and the
    password of a URL it is percent-encoded on the way.

    Raises:
        ConfigError: as for :func:`load_config`.
    """
    return parse_model(text, HackAIConfig, file, environment=os.environ if environment is None else environment)


def parse_model(text: str, model: Type[C], file: str, *, environment: Mapping[str, str]) -> C:
    """Return a YAML text as any strict pydantic model (recipes use it too), with the same errors."""
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise ConfigError([ConfigProblem(file, line, column, "", f"not YAML: {error.problem}")]) from error
    except yaml.YAMLError as error:
        raise ConfigError([ConfigProblem(file, 1, 1, "", f"not YAML: {error}")]) from error
    reader = _Reader(file, environment)
    data = reader.read(root, ()) if root is not None else {}
    if reader.problems:
        raise ConfigError(reader.problems)
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise ConfigError([reader.problem(model, details) for details in error.errors()]) from error


class _Reader:
    """Turns YAML nodes into plain data and remembers where each key stands."""

    def __init__(self, file: str, environment: Mapping[str, str]) -> None:
        self.file = file
        self.problems: List[ConfigProblem] = []
        self._environment = environment
        self._marks: Dict[Path_, Tuple[int, int]] = {}
        self._constructor = yaml.SafeLoader("")

    def read(self, node: yaml.Node, path: Path_) -> Any:
        self._marks.setdefault(path, (node.start_mark.line + 1, node.start_mark.column + 1))
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.read(child, (*path, index)) for index, child in enumerate(node.value)]
        if _is_base_sixty(node):
            return str(node.value)
        value = self._constructor.construct_object(node)
        return self._interpolate(value, path) if isinstance(value, str) else value

    def _mapping(self, node: yaml.MappingNode, path: Path_) -> Dict[Any, Any]:
        result: Dict[Any, Any] = {}
        for key_node, value_node in node.value:
            key = self._constructor.construct_object(key_node)
            here = (*path, key)
            if key in result:
                first = self._marks[here][0]
                self._complain(key_node, here, f"given twice, first in line {first}")
                continue
            self._marks[here] = (key_node.start_mark.line + 1, key_node.start_mark.column + 1)
            result[key] = self.read(value_node, here)
        return result

    def _interpolate(self, value: str, path: Path_) -> str:
        def replace(match: "re.Match[str]") -> str:
            name = match.group(1)
            if name not in self._environment:
                line, column = self._marks[path]
                hint = f"export {name}=…"
                self.problems.append(
                    ConfigProblem(self.file, line, column, _dotted(path), f"variable {name} is not set", hint)
                )
            secret = self._environment.get(name, "")
            return encoded_credential(secret) if in_credentials(value, match.start()) else secret

        return _VARIABLE.sub(replace, value)

    def _complain(self, node: yaml.Node, path: Path_, message: str) -> None:
        mark = node.start_mark
        self.problems.append(ConfigProblem(self.file, mark.line + 1, mark.column + 1, _dotted(path), message))

    def problem(self, model: Type[BaseModel], details: Any) -> ConfigProblem:
        """Return what pydantic found, at the place in the file where it stands."""
        path = tuple(part for part in details["loc"] if part != "[key]")
        known = path
        while known not in self._marks and known:
            known = _parent(known)
        line, column = self._marks.get(known, (1, 1))
        # The tag of a discriminated union ("pyav") is part of pydantic's location but stands nowhere in the file.
        shown = tuple(part for part in path if self._is_shown(path, part))
        if details["type"] == "extra_forbidden":
            near = difflib.get_close_matches(str(path[-1]), _fields_at(model, path[:-1]), n=1)
            hint = f"did you mean {near[0]}?" if near else "see: hackai config schema"
            return ConfigProblem(self.file, *self._line_of(path), _dotted(shown), "unknown key", hint)
        message = details["msg"]
        value = details.get("input")
        # An address without a scheme may hold a password, and nothing says where it ends.
        secret = isinstance(value, str) and "@" in value and "://" not in value
        if isinstance(value, (str, int, float, bool)) and details["type"] != "missing" and not secret:
            message = f"{message}, got {redact_url(repr(value))}"
        return ConfigProblem(self.file, line, column, _dotted(shown), message)

    def _line_of(self, path: Path_) -> Tuple[int, int]:
        for candidate, mark in self._marks.items():
            if candidate == path or (
                len(candidate) < len(path) and candidate[-1:] == path[-1:] and _within(candidate, path)
            ):
                return mark
        return (1, 1)

    def _is_shown(self, path: Path_, part: Any) -> bool:
        index = path.index(part)
        prefix = tuple(p for p in path[: index + 1])
        return prefix in self._marks or index == len(path) - 1 or not isinstance(part, str)


def _is_base_sixty(node: yaml.Node) -> bool:
    """Return whether YAML 1.1 takes a scalar for a number in base sixty: 22:15 is 1335 there, and text in YAML 1.2."""
    plain = isinstance(node, yaml.ScalarNode) and node.style is None
    return plain and node.tag in _NUMBERS and ":" in node.value


def _within(shorter: Path_, longer: Path_) -> bool:
    """Return whether ``shorter`` is ``longer`` with some parts left out, in order."""
    rest = iter(longer)
    return all(part in rest for part in shorter)


def _parent(path: Path_) -> Path_:
    return path[:-1]


def _dotted(path: Path_) -> str:
    return ".".join(str(part) for part in path)


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
