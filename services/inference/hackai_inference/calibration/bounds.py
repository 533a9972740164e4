"""Confidence bounds of a rate of rare events. Pure.

Alarms on quiet footage are taken as a Poisson process. For ``k`` events in a time ``T`` the exact upper bound of the
rate at a confidence is the rate at which ``k`` or fewer events are as improbable as the doubt that is left (Garwood
1936). For none it is ``-ln(1 - confidence) / T``: at 95 % that is 3.0 / T, the rule of three.
"""

from __future__ import annotations

import math

HOURS_PER_WEEK = 168.0
CONFIDENCE = 0.95
# Halvings of the interval in which the bound lies: far below the precision of a float.
_STEPS = 100


def at_most(events: int, confidence: float = CONFIDENCE) -> float:
    """Return the upper confidence bound of the expected number of events, given how many there were.

    Raises:
        ValueError: a negative number, or a confidence that is not between 0 and 1.
    """
    if events < 0 or not 0.0 < confidence < 1.0:
        raise ValueError(f"no bound for {events} events at a confidence of {confidence}")
    doubt = 1.0 - confidence
    if events == 0:
        return -math.log(doubt)
    low, high = float(events), events + 10.0 * math.sqrt(events + 1.0) + 20.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if probability_of_at_most(events, middle) > doubt:
            low = middle
        else:
            high = middle
    return high


def at_most_per_week(events: int, hours: float, confidence: float = CONFIDENCE) -> float:
    """Return the upper confidence bound of a rate per week.

    Raises:
        ValueError: no time was watched.
    """
    if hours <= 0.0:
        raise ValueError("no time was watched")
    return at_most(events, confidence) * HOURS_PER_WEEK / hours


def hours_to_prove(per_week: float, confidence: float = CONFIDENCE) -> float:
    """Return how many hours without an event prove that there are at most ``per_week``."""
    return at_most(0, confidence) * HOURS_PER_WEEK / per_week


def probability_of_at_most(events: int, expected: float) -> float:
    """Return the probability of ``events`` or fewer where ``expected`` are expected (Poisson)."""
    if expected <= 0.0:
        return 1.0
    logs = (number * math.log(expected) - expected - math.lgamma(number + 1) for number in range(events + 1))
    return min(1.0, math.fsum(math.exp(log) for log in logs))
