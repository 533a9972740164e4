"""What follows from a failed attempt. Pure: randomness comes in as an argument."""

from __future__ import annotations

from dataclasses import dataclass

from hackai_notifier.channels.base import (
    AddressMoved,
    CredentialsRefused,
    NotYet,
    PermanentFailure,
    RateLimited,
    RefusedForNow,
    SendFailure,
)

FIRST_DELAY_S = 0.5
LONGEST_DELAY_S = 60.0
# A refused token is not mended by asking twice a second, and Telegram counts such attempts.
CREDENTIALS_DELAY_S = 30.0
# A refusal that may pass (a receiver that restarts, a proxy without its service) is final after so many attempts, which
# take about a quarter of an hour.
REFUSALS = 22
# After so many failed attempts, some 15 s, administrators hear that somebody was not reached yet.
EARLY_NOTICE = 5


@dataclass(frozen=True)
class RetryLater:
    """Try this step again after ``delay_s``.

    ``pause``: nothing else goes to the recipient before. ``counts``: this was a failed attempt.
    """

    delay_s: float
    pause: bool = False
    counts: bool = True


@dataclass(frozen=True)
class GiveUp:
    """Dead letter: the step is never tried again, an administrator is told."""

    reason: str


@dataclass(frozen=True)
class Redirect:
    """Send to the new address from now on."""

    new_address: str


Outcome = RetryLater | GiveUp | Redirect


def backoff_s(attempts: int, jitter: float) -> float:
    """Return the delay after ``attempts`` failed ones: 0.5, 1, 2 … 60 s, scaled by 0.75-1.25 (``jitter`` in 0-1)."""
    delay = min(LONGEST_DELAY_S, FIRST_DELAY_S * 2.0 ** min(attempts - 1, 10))
    return min(LONGEST_DELAY_S, delay * (0.75 + jitter / 2))


def outcome_of(failure: SendFailure, attempts: int, jitter: float) -> Outcome:
    """Return what to do after the ``attempts``-th attempt failed (counts from 1).

    An alarm does not expire: temporary failures are retried for ever, refusals that may pass for minutes.
    """
    if isinstance(failure, RateLimited):
        return RetryLater(failure.retry_after_s, pause=True)
    if isinstance(failure, NotYet):
        return RetryLater(failure.wait_s, counts=False)
    if isinstance(failure, AddressMoved):
        return Redirect(failure.new_address)
    if isinstance(failure, PermanentFailure):
        return GiveUp(str(failure))
    if isinstance(failure, RefusedForNow) and attempts >= REFUSALS:
        return GiveUp(str(failure))
    if isinstance(failure, CredentialsRefused):
        return RetryLater(CREDENTIALS_DELAY_S, pause=True)
    return RetryLater(backoff_s(attempts, jitter))
