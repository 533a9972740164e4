"""Back-off after failed logins."""

from __future__ import annotations

import pytest
from tests.unit.face_auth.conftest import Clock

from hackai_face_auth.gallery.database import Database
from hackai_face_auth.lockout import Failures, LockoutBook, after_failure
from hackai_shared.config.faces import LockoutConfig

CONFIG = LockoutConfig(failures=5, first_s=60, longest_s=3600, forget_s=900)


@pytest.fixture
def wall() -> Clock:
    return Clock(2_000_000.0)


@pytest.fixture
def book(database: Database, clock: Clock, wall: Clock) -> LockoutBook:
    return LockoutBook(database, CONFIG, clock=clock, now=wall)


def test_five_failures_lock_and_each_further_one_doubles() -> None:
    state, locks = Failures(), []
    now = 0.0
    for _ in range(13):
        state = after_failure(state, now, CONFIG)
        locks.append(state.locked_until - now)
        now = state.locked_until + 1
    assert locks == [0, 0, 0, 0, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]


def test_many_failures_do_not_overflow() -> None:
    assert after_failure(Failures(100_000, 10.0, 10.0), 11.0, CONFIG).locked_until == 11.0 + 3600


def test_failures_are_forgotten_after_quiet(book: LockoutBook, clock: Clock) -> None:
    for _ in range(4):
        book.failed("client:a")
    clock.at += 901
    assert book.failed("client:a") == 0.0


def test_a_success_forgives(book: LockoutBook) -> None:
    for _ in range(4):
        book.failed("client:a")
    book.succeeded("client:a")
    assert book.failed("client:a") == 0.0


def test_one_client_does_not_lock_another(book: LockoutBook) -> None:
    for _ in range(5):
        book.failed("client:a")
    assert book.remaining_s("client:a") == pytest.approx(60)
    assert book.remaining_s("client:b") == 0.0


def test_a_restart_does_not_forgive(book: LockoutBook, database: Database, wall: Clock) -> None:
    for _ in range(5):
        book.failed("client:a")
    wall.at += 20
    later = LockoutBook(database, CONFIG, clock=Clock(5.0), now=wall)  # another boot: another monotonic clock
    assert later.remaining_s("client:a") == pytest.approx(40)


def test_a_wall_clock_that_jumped_locks_nobody_out_for_ever(book: LockoutBook, database: Database, wall: Clock) -> None:
    for _ in range(5):
        book.failed("client:a")
    wall.at -= 10_000_000
    assert LockoutBook(database, CONFIG, clock=Clock(5.0), now=wall).remaining_s("client:a") <= CONFIG.longest_s
