"""Shares of a sample with their exact bounds: no figure without what it is worth."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field
from scipy.special import betaincinv

#: What the bounds hold with.
CONFIDENCE = 0.95


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
