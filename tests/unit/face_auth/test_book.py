"""Challenges: once, in time, by the client they were made for."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from tests.unit.face_auth.conftest import Clock

from hackai_face_auth.liveness.book import MAX_OPEN, ChallengeBook
from hackai_face_auth.liveness.steps import draw_steps


@pytest.fixture
def book(clock: Clock) -> ChallengeBook:
    return ChallengeBook(seconds=20, draw=partial(draw_steps, 3, random.Random(1)), clock=clock)


def test_a_challenge_is_answered_once(book: ChallengeBook) -> None:
    made = book.issue("telegram:1")
    assert book.take(made.challenge_id, "telegram:1").challenge == made
    assert book.take(made.challenge_id, "telegram:1").refusal == "unknown"


def test_too_late(book: ChallengeBook, clock: Clock) -> None:
    made = book.issue("telegram:1")
    clock.at += 20.0
    assert book.take(made.challenge_id, "telegram:1").refusal == "expired"


def test_of_another_client_and_then_gone(book: ChallengeBook) -> None:
    made = book.issue("telegram:1")
    assert book.take(made.challenge_id, "telegram:2").refusal == "other-client"
    assert book.take(made.challenge_id, "telegram:1").refusal == "unknown"


def test_made_up_ids(book: ChallengeBook) -> None:
    assert book.take("0" * 32, "telegram:1").refusal == "unknown"
    assert len({book.issue("telegram:1").challenge_id for _ in range(50)}) == 50


def test_of_many_at_once_one_wins(book: ChallengeBook) -> None:
    made = book.issue("telegram:1")
    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(lambda _: book.take(made.challenge_id, "telegram:1").challenge, range(32)))
    assert sum(challenge is not None for challenge in taken) == 1


def test_open_challenges_are_bounded(book: ChallengeBook) -> None:
    first = book.issue("telegram:1")
    second = book.issue("telegram:1")
    assert book.take(first.challenge_id, "telegram:1").refusal == "unknown"
    assert book.take(second.challenge_id, "telegram:1").challenge == second
    for number in range(MAX_OPEN + 50):
        book.issue(f"telegram:{number}")
    assert len(book._open) <= MAX_OPEN
