"""The one reader of YAML: bounded in size, depth and nodes, without tags, and it knows where everything stands."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Dict, Iterator, List, Sequence, Tuple

import yaml

Place = Tuple[str, ...]
_CORE = "tag:yaml.org,2002:"
_PLAIN = frozenset(_CORE + kind for kind in ("null", "bool", "int", "float", "str", "timestamp", "value", "merge"))
_NUMBERS = frozenset({_CORE + "int", _CORE + "float"})
_MERGE = _CORE + "merge"
# Reading a number takes time that grows with the square of its digits; none that anybody means is longer.
MAX_NUMBER = 100


@dataclass(frozen=True)
class YamlLimits:
    """What a text may cost. ``nodes`` counts what is built: an alias counts each time that it is used."""

    bytes: int
    depth: int
    nodes: int
    aliases: bool


# The owner's own file: anchors, aliases and merge keys are everyday tools there.
OWNED = YamlLimits(bytes=1_000_000, depth=24, nodes=20_000, aliases=True)
# What somebody sends: written out, and no larger than a long recipe.
SENT = YamlLimits(bytes=64_000, depth=16, nodes=5_000, aliases=False)


@dataclass(frozen=True)
class YamlFault:
    """One mistake; ``line`` and ``column`` count from 1, ``place`` is the way to the key."""

    line: int
    column: int
    place: Place
    message: str
    suggestion: str = ""

    def __str__(self) -> str:
        key = f"{'.'.join(self.place)}: " if self.place else ""
        return f"{self.line}:{self.column}: {key}{self.message}" + (f" ({self.suggestion})" if self.suggestion else "")


class YamlError(ValueError):
    """The text cannot be used; ``faults`` names every mistake."""

    def __init__(self, faults: Sequence[YamlFault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(str(fault) for fault in faults))


@dataclass(frozen=True)
class YamlDocument:
    """Plain data (dict, list, str, int, float, bool, None); ``marks`` and ``texts`` by place.

    ``marks``: line and column of each key or list item by its place (``str`` of each key, number of each item);
    ``keys``: how a key is written that is no string.
    """

    data: Any
    marks: Dict[Place, Tuple[int, int]] = field(default_factory=dict)
    keys: Dict[Place, str] = field(default_factory=dict)

    def line_of(self, place: Sequence[object]) -> int:
        """Return the line of the deepest part of ``place`` that the text has; parts that it lacks are passed over."""
        here: Place = ()
        for part in place:
            if (*here, str(part)) in self.marks:
                here = (*here, str(part))
        return self.marks.get(here, (1, 1))[0]


def read_yaml(text: str, limits: YamlLimits) -> YamlDocument:
    """Return what a YAML text says; an empty one says ``None``. Dates stay strings.

    Raises:
        YamlError: not YAML, over a limit, or something that plain data cannot hold: tags such as ``!secret``, lists as
            keys, an alias of what contains it, a key that is given twice.
    """
    if len(text.encode("utf-8", "surrogatepass")) > limits.bytes:
        raise YamlError([YamlFault(1, 1, (), f"larger than {limits.bytes} bytes")])
    try:
        loader = _Loader(text, limits)
        root = loader.get_single_node()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise YamlError([YamlFault(line, column, (), f"not YAML: {_advice(error)}")]) from error
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        code = error.character if isinstance(error.character, int) else ord(error.character)
        raise YamlError([YamlFault(line, 1, (), f"not YAML: U+{code:04X} is not a printable character")]) from error
    builder = _Builder(limits)
    data = builder.build(root, ()) if root is not None else None
    if builder.faults:
        raise YamlError(builder.faults)
    return YamlDocument(data, builder.marks, builder.keys)


def read_yaml_file(path: Path, limits: YamlLimits) -> YamlDocument:
    """Return what a file says; reads no more of it than ``limits`` allow.

    Raises:
        OSError: it cannot be read.
        YamlError: see :func:`read_yaml`; also for what is not UTF-8.
    """
    with path.open("rb") as file:
        raw = file.read(limits.bytes + 1)
    if len(raw) > limits.bytes:
        raise YamlError([YamlFault(1, 1, (), f"larger than {limits.bytes} bytes")])
    try:
        return read_yaml(raw.decode("utf-8"), limits)
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise YamlError([YamlFault(line, 1, (), f"not UTF-8 text: {error.reason}")]) from error


def _advice(error: yaml.MarkedYAMLError) -> str:
    problem = str(error.problem)
    return problem + "; indent with spaces" if "'\\t'" in problem else problem


def _at(node: yaml.Node, place: Place, message: str, suggestion: str = "") -> YamlFault:
    return YamlFault(node.start_mark.line + 1, node.start_mark.column + 1, place, message, suggestion)


class _Loader(yaml.SafeLoader):
    """Stops at a limit before it spends anything on what lies beyond."""

    def __init__(self, text: str, limits: YamlLimits) -> None:
        super().__init__(text)
        self._limits = limits
        self._depth = 0
        self._nodes = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        """Compose one node, as PyYAML asks for it."""
        event = self.peek_event()  # type: ignore[no-untyped-call]
        mark = event.start_mark
        self._nodes += 1
        if self._nodes > self._limits.nodes:
            raise YamlError([YamlFault(mark.line + 1, mark.column + 1, (), f"more than {self._limits.nodes} values")])
        if isinstance(event, yaml.AliasEvent) and not self._limits.aliases:
            fault = YamlFault(
                mark.line + 1, mark.column + 1, (), f"the alias *{event.anchor} is not allowed here", "write it out"
            )
            raise YamlError([fault])
        if self._depth >= self._limits.depth:
            fault = YamlFault(mark.line + 1, mark.column + 1, (), f"nested deeper than {self._limits.depth} levels")
            raise YamlError([fault])
        self._depth += 1
        try:
            return super().compose_node(parent, index)
        finally:
            self._depth -= 1


class _Builder:
    """Turns nodes into plain data."""

    def __init__(self, limits: YamlLimits) -> None:
        self.faults: List[YamlFault] = []
        self.marks: Dict[Place, Tuple[int, int]] = {}
        self.keys: Dict[Place, str] = {}
        self._limits = limits
        self._built = 0
        self._open: List[int] = []
        self._constructor = yaml.SafeLoader("")

    def build(self, node: yaml.Node, place: Place) -> Any:
        self._count(node, place)
        self.marks.setdefault(place, (node.start_mark.line + 1, node.start_mark.column + 1))
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, place)
        if id(node) in self._open:
            self.faults.append(_at(node, place, "this alias stands for what contains it"))
            return None
        if len(place) > self._limits.depth:
            raise YamlError([_at(node, place, f"nested deeper than {self._limits.depth} levels")])
        self._open.append(id(node))
        try:
            if isinstance(node, yaml.MappingNode) and node.tag == _CORE + "map":
                return self._mapping(node, place)
            if isinstance(node, yaml.SequenceNode) and node.tag == _CORE + "seq":
                return [self.build(child, (*place, str(index))) for index, child in enumerate(node.value)]
        finally:
            self._open.pop()
        return self._tagged(node, place)

    def _count(self, node: yaml.Node, place: Place) -> None:
        self._built += 1
        if self._built > self._limits.nodes:
            message = f"more than {self._limits.nodes} values once its aliases are followed"
            raise YamlError([_at(node, place, message)])

    def _mapping(self, node: yaml.MappingNode, place: Place) -> Dict[Any, Any]:
        result: Dict[Any, Any] = {}
        merged: List[Tuple[yaml.Node, yaml.Node]] = []
        for key_node, value_node in node.value:
            if key_node.tag == _MERGE:
                merged.extend(self._merged(value_node, place))
                continue
            self._entry(result, key_node, value_node, place, merging=False)
        for key_node, value_node in merged:
            self._entry(result, key_node, value_node, place, merging=True)
        return result

    def _entry(
        self, result: Dict[Any, Any], key_node: yaml.Node, value_node: yaml.Node, place: Place, *, merging: bool
    ) -> None:
        if not isinstance(key_node, yaml.ScalarNode):
            kind = "list" if isinstance(key_node, yaml.SequenceNode) else "mapping"
            self.faults.append(_at(key_node, place, f"a {kind} cannot be a key", "a key is one word"))
            return
        key = self._scalar(key_node, (*place, key_node.value))
        if isinstance(key, bool) or key is None:
            text = key_node.value
            message = f"YAML does not read {text} as text but as {'yes or no' if key is not None else 'nothing'}"
            self.faults.append(_at(key_node, (*place, key_node.value), message, f'put it in quotes: "{text}"'))
            return
        here = (*place, str(key))
        if key in result:
            if not merging:  # what is written beside << wins over what it brings
                first = self.marks[here][0] if here in self.marks else key_node.start_mark.line + 1
                self.faults.append(_at(key_node, here, f"given twice, first in line {first}"))
            return
        self.marks[here] = (key_node.start_mark.line + 1, key_node.start_mark.column + 1)
        if not isinstance(key, str):
            self.keys[here] = key_node.value
        result[key] = self.build(value_node, here)

    def _merged(self, node: yaml.Node, place: Place) -> Iterator[Tuple[yaml.Node, yaml.Node]]:
        """Yield the entries that ``<<`` brings, the most important first."""
        self._count(node, place)
        if id(node) in self._open:
            self.faults.append(_at(node, place, "<<: this alias stands for what contains it"))
            return
        self._open.append(id(node))
        try:
            if isinstance(node, yaml.SequenceNode):
                for child in node.value:
                    yield from self._merged(child, place)
            elif isinstance(node, yaml.MappingNode):
                nested = []
                for key_node, value_node in node.value:
                    self._count(key_node, place)
                    if key_node.tag == _MERGE:
                        nested.append(value_node)
                    else:
                        yield key_node, value_node
                for value_node in nested:
                    yield from self._merged(value_node, place)
            else:
                self.faults.append(_at(node, place, "<< merges mappings", "write <<: *name, or <<: [*one, *two]"))
        finally:
            self._open.pop()

    def _scalar(self, node: yaml.ScalarNode, place: Place) -> Any:
        if node.tag == _CORE + "timestamp":
            return node.value
        if node.tag not in _PLAIN:
            return self._tagged(node, place)
        if node.tag in _NUMBERS and ":" in node.value:
            return node.value  # 22:15 is a number in base sixty in YAML 1.1, and text in YAML 1.2 and for everybody
        if node.tag in _NUMBERS and len(node.value) > MAX_NUMBER:
            self.faults.append(_at(node, place, f"a number of more than {MAX_NUMBER} digits"))
            return None
        try:
            value = self._constructor.construct_object(node)
        except (ValueError, KeyError, OverflowError, yaml.YAMLError):
            self.faults.append(_at(node, place, f"{node.value[:40]!r} cannot be read", "put it in quotes"))
            return None
        if isinstance(value, str):
            if any("\ud800" <= sign <= "\udfff" for sign in value):
                self.faults.append(_at(node, place, "half a character (a lone surrogate)"))
            return value
        if isinstance(value, float) and not math.isfinite(value):
            self.faults.append(_at(node, place, f"{node.value} is not a finite number"))
        return value

    def _tagged(self, node: yaml.Node, place: Place) -> None:
        tag = node.tag.replace(_CORE, "!!")
        hint = (
            "secrets come from the environment: ${NAME}" if tag in ("!secret", "!env_var", "!env") else "leave it out"
        )
        self.faults.append(_at(node, place, f"the tag {tag} is not known", hint))
