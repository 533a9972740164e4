"""Shares of a sample with their exact bounds, and means with theirs: no figure without what it is worth."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from pydantic import BaseModel, ConfigDict, Field
from scipy.special import betaincinv

#: What the bounds hold with.
CONFIDENCE = 0.95
#: Draws behind the bounds of a mean.
RESAMPLES = 2000


class Share(BaseModel):
    """`count` of `of`, and the bounds (Clopper and Pearson, 95 %) of the share that stands behind it, all 0-1."""

    model_config = ConfigDict(frozen=True)

    count: int
    of: int = Field(gt=0)
    value: float
    low: float
    high: float

    def __str__(self) -> str:
        """For instance `97.3 % (95.1-98.7)`."""
        return f"{100 * self.value:.1f} % ({100 * self.low:.1f}-{100 * self.high:.1f})"


def share(count: int, of: int) -> Share | None:
    """None of nothing."""
    if not of:
        return None
    tail = (1 - CONFIDENCE) / 2
    low = float(betaincinv(count, of - count + 1, tail)) if count else 0.0
    high = float(betaincinv(count + 1, of - count, 1 - tail)) if count < of else 1.0
    return Share(count=count, of=of, value=round(count / of, 5), low=round(low, 5), high=round(high, 5))


class Mean(BaseModel):
    """Mean of `of` values of 0-1, and the bounds (95 %, percentiles of 2,000 resamples) of the one behind it."""

    model_config = ConfigDict(frozen=True)

    of: int = Field(gt=0)
    value: float
    low: float
    high: float

    def __str__(self) -> str:
        """For instance `0.48 (0.45-0.51)`."""
        return f"{self.value:.2f} ({self.low:.2f}-{self.high:.2f})"


def mean(values: Sequence[float]) -> Mean | None:
    """None of nothing. The same values give the same bounds."""
    if not values:
        return None
    known = np.asarray(values, np.float64)
    drawn = np.random.default_rng(0).integers(0, len(known), (RESAMPLES, len(known)))
    low, high = np.quantile(known[drawn].mean(axis=1), [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    value = float(known.mean())
    return Mean(of=len(known), value=round(value, 5), low=round(float(low), 5), high=round(float(high), 5))
