import pytest

from hackai_notifier.channels.base import (
    AddressMoved,
    CredentialsRefused,
    NotYet,
    PermanentFailure,
    RateLimited,
    RefusedForNow,
    TemporaryFailure,
)
from hackai_notifier.delivery.retry import EARLY_NOTICE, REFUSALS, GiveUp, Redirect, RetryLater, backoff_s, outcome_of


@pytest.mark.parametrize(("attempts", "expected"), [(1, 0.5), (2, 1.0), (3, 2.0), (7, 32.0), (8, 60.0), (10_000, 60.0)])
def test_delays_double_up_to_a_minute(attempts: int, expected: float) -> None:
    assert backoff_s(attempts, jitter=0.5) == expected


def test_jitter_spreads_the_delays_but_never_beyond_a_minute() -> None:
    assert backoff_s(3, jitter=0.0) == 1.5
    assert backoff_s(3, jitter=1.0) == 2.5
    assert backoff_s(20, jitter=1.0) == 60.0


def test_a_temporary_failure_is_retried_for_ever() -> None:
    assert isinstance(outcome_of(TemporaryFailure("500"), attempts=100_000, jitter=0.5), RetryLater)


def test_429_pauses_the_recipient_for_exactly_what_was_said() -> None:
    assert outcome_of(RateLimited("429", 17.0), attempts=3, jitter=0.9) == RetryLater(17.0, pause=True)


def test_what_does_not_exist_yet_is_no_failed_attempt() -> None:
    assert outcome_of(NotYet("clip", 2.0), attempts=1, jitter=0.5) == RetryLater(2.0, counts=False)


def test_a_refusal_is_a_dead_letter_with_its_reason() -> None:
    assert outcome_of(PermanentFailure("403 blocked"), attempts=1, jitter=0.5) == GiveUp("403 blocked")


def test_a_refusal_that_may_pass_is_retried_for_minutes_and_then_given_up() -> None:
    waits = []
    for attempts in range(1, REFUSALS):
        outcome = outcome_of(RefusedForNow("404"), attempts=attempts, jitter=0.5)
        assert isinstance(outcome, RetryLater)
        waits.append(outcome.delay_s)

    assert 10 * 60 < sum(waits) < 20 * 60
    assert sum(waits[: EARLY_NOTICE - 1]) < 20
    assert outcome_of(RefusedForNow("404"), attempts=REFUSALS, jitter=0.5) == GiveUp("404")


def test_refused_credentials_pause_and_lose_nothing() -> None:
    outcome = outcome_of(CredentialsRefused("401"), attempts=1, jitter=0.5)

    assert isinstance(outcome, RetryLater)
    assert outcome.pause


def test_a_moved_chat_is_followed() -> None:
    assert outcome_of(AddressMoved("-100"), attempts=1, jitter=0.5) == Redirect("-100")
