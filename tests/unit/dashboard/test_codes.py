from __future__ import annotations

import re

from tests.unit.dashboard.conftest import visitor

from hackai_dashboard.codes import LIFE_S, MAX_CODES, CodeBook


def test_a_code_works_once_however_it_is_typed() -> None:
    book = CodeBook()
    ada = visitor()
    code = book.issue(ada)
    assert re.fullmatch(r"[A-Z2-9]{4}-[A-Z2-9]{4}", code)
    assert book.redeem(f" {code.lower().replace('-', ' ')} ") is ada
    assert book.redeem(code) is None


def test_a_code_ends_by_itself_and_with_the_next_one() -> None:
    now = [0.0]
    book = CodeBook(clock=lambda: now[0])
    ada = visitor()
    first, second = book.issue(ada), book.issue(ada)
    assert book.redeem(first) is None
    now[0] = LIFE_S
    assert book.redeem(second) is None


def test_codes_are_bounded() -> None:
    book = CodeBook()
    codes = [book.issue(visitor(subject=f"telegram:{n}")) for n in range(MAX_CODES + 1)]
    assert book.redeem(codes[0]) is None
    assert book.redeem(codes[-1]) is not None
