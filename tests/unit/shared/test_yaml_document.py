"""YAML from outside costs what its length costs, whatever it says."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace
from pathlib import Path

import pytest

from hackai_shared.yaml_document import OWNED, SENT, YamlError, YamlLimits, read_yaml, read_yaml_file

BOMB = "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9 if before else ['fire'] * 9)}]\n"
    for name, before in zip("abcdefghi", ["", *"abcdefgh"])
)
MERGES = "a0: &a0 {k0: 1}\n" + "".join(
    f"a{n}: &a{n}\n  <<: [{', '.join([f'*a{n - 1}'] * 9)}]\n  k{n}: 1\n" for n in range(1, 10)
)


def faults(text: str, limits: YamlLimits) -> str:
    with pytest.raises(YamlError) as caught:
        read_yaml(text, limits)
    return str(caught.value)


@pytest.mark.parametrize("limits", [OWNED, SENT])
def test_plain_data_with_its_lines(limits: YamlLimits) -> None:
    document = read_yaml(
        "name: small\nsteps:\n  - {do: train, at: 2026-01-01}\n  - {do: judge}\nfar: {0.01: 1}\n", limits
    )

    assert document.data == {
        "name": "small",
        "steps": [{"do": "train", "at": "2026-01-01"}, {"do": "judge"}],
        "far": {0.01: 1},
    }
    assert document.line_of(("steps", 1, "judge", "do")) == 4
    assert document.line_of(("far", 0.01)) == 5


def test_an_empty_text_says_nothing() -> None:
    assert read_yaml("", SENT).data is None


@pytest.mark.parametrize("text", [BOMB, MERGES])
@pytest.mark.parametrize("limits", [replace(OWNED, nodes=5_000), SENT])
def test_a_bomb_is_refused_before_it_takes_memory(text: str, limits: YamlLimits) -> None:
    tracemalloc.start()
    try:
        message = faults(text, limits)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert ("once its aliases are followed" if limits.aliases else "the alias *a") in message
    assert peak < 10_000_000


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: &a 1\nb: *a\n", "2:4: the alias *a is not allowed here (write it out)"),
        ("[" * 400, "1:17: nested deeper than 16 levels"),
        ("a:\n" + "".join(" " * n + "- \n" for n in range(2, 60)), "nested deeper than 16 levels"),
        ("[" + "1," * 5_000 + "]", "more than 5000 values"),
        ("a: " + "x" * 64_000, "1:1: larger than 64000 bytes"),
        ("a: " + "9" * 5_000, "1:4: a: a number of more than 100 digits"),
        ("a: 1e999", ""),
        ("size: .inf", "1:7: size: .inf is not a finite number"),
        ("a: !!python/object/apply:os.system [id]", "the tag !!python/object/apply:os.system is not known"),
        ("a: !!binary aGk=", "the tag !!binary is not known"),
        ('a: "\\ud800"', "half a character"),
        ("a: 1\n---\nb: 2", "not YAML: but found another document"),
        ("a: 1\na: 2", "2:1: a: given twice, first in line 1"),
        ("a: \x07", "1:1: not YAML: U+0007 is not a printable character"),
        ("<<: 3", "1:5: << merges mappings"),
    ],
)
def test_each_refusal_says_where(text: str, expected: str) -> None:
    if not expected:
        assert read_yaml(text, SENT).data == {"a": "1e999"}
        return
    assert expected in faults(text, SENT)


def test_what_is_written_beside_a_merge_wins_and_the_first_of_several() -> None:
    text = "one: &one {a: 1, b: 1}\ntwo: &two {b: 2, c: 2}\nall: {a: 0, <<: [*one, *two]}\n"

    assert read_yaml(text, OWNED).data["all"] == {"a": 0, "b": 1, "c": 2}


def test_an_alias_of_what_contains_it() -> None:
    assert "stands for what contains it" in faults("a: &x\n  b: *x\n", OWNED)
    assert "stands for what contains it" in faults("a: &x\n  <<: *x\n", OWNED)


def test_a_large_file_is_not_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "recipe.yml"
    with path.open("wb") as file:
        file.truncate(3_000_000_000)  # a hole: it takes no room on the disk

    with pytest.raises(YamlError, match="larger than 64000 bytes"):
        read_yaml_file(path, SENT)
