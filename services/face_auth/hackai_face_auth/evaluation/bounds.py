"""Exact bounds of a rate from counts. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from scipy.stats import beta

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Rate:
    """``events`` of ``trials`` with the two-sided Clopper-Pearson interval at 95 %."""

    events: int
    trials: int
    value: float
    low: float
    high: float


def rate(events: int, trials: int) -> Rate:
    """Return a rate with its interval (Clopper and Pearson, Biometrika 1934); 0 to 1 without any trial."""
    if trials == 0:
        return Rate(0, 0, 0.0, 0.0, 1.0)
    tail = (1 - CONFIDENCE) / 2
    low = float(beta.ppf(tail, events, trials - events + 1)) if events else 0.0
    high = float(beta.ppf(1 - tail, events + 1, trials - events)) if events < trials else 1.0
    return Rate(events, trials, events / trials, low, high)


def upper_bound(events: int, trials: int) -> float:
    """Return the one-sided upper bound at 95 %: with no event it is close to 3 / trials."""
    if events >= trials:
        return 1.0
    return float(beta.ppf(CONFIDENCE, events + 1, trials - events))
