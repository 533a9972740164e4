from __future__ import annotations

from tests.unit.dashboard.conftest import visitor

from hackai_dashboard.sessions import MAX_SESSIONS, OVERLAP_S, ROTATE_S, SessionBook


class Clock:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


def test_a_number_opens_its_session_until_it_is_over() -> None:
    clock = Clock()
    book = SessionBook(now=clock)
    number, session = book.open(visitor(expires_at=1_100.0))
    assert book.find(number) is session
    assert book.find(number + "x") is None
    clock.now = 1_100.0
    assert book.find(number) is None


def test_the_number_changes_and_the_old_one_dies_a_little_later() -> None:
    clock = Clock()
    book = SessionBook(now=clock)
    first, session = book.open(visitor(expires_at=10_000.0))
    assert book.renew(first) is None  # too early
    clock.now += ROTATE_S
    second = book.renew(first)
    assert second is not None
    assert second != first
    assert book.renew(first) is None  # the retired number makes no new ones
    assert book.find(first) is session
    assert book.find(second) is session
    clock.now += OVERLAP_S
    assert book.find(first) is None
    assert book.find(second) is session


def test_closing_ends_every_number() -> None:
    clock = Clock()
    book = SessionBook(now=clock)
    first, session = book.open(visitor(expires_at=10_000.0))
    clock.now += ROTATE_S
    second = book.renew(first)
    book.close(session)
    assert second is not None
    assert book.find(first) is None
    assert book.find(second) is None


def test_memory_is_bounded() -> None:
    book = SessionBook()
    first, _ = book.open(visitor())
    last = ""
    for _ in range(MAX_SESSIONS):
        last, _ = book.open(visitor())
    assert book.find(first) is None
    assert book.find(last) is not None


def test_a_message_is_said_once() -> None:
    _, session = SessionBook().open(visitor())
    session.say("Acknowledged.")
    assert session.said() == "Acknowledged."
    assert session.said() == ""
