"""Is a model really worse than its parent, or do they disagree by chance?"""

from __future__ import annotations

from dataclasses import dataclass
from math import comb

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class McNemar:
    """Pictures that only the parent or only the child got right, and the two-sided exact p-value."""

    only_parent_right: int
    only_child_right: int
    p_value: float


def mcnemar(parent_right: npt.NDArray[np.bool_], child_right: npt.NDArray[np.bool_]) -> McNemar:
    """Exact McNemar test of two (N,) vectors on the same pictures (binomial with p = 1/2)."""
    lost = int((parent_right & ~child_right).sum())
    won = int((~parent_right & child_right).sum())
    total = lost + won
    if total == 0:
        return McNemar(0, 0, 1.0)
    tail = sum(comb(total, k) for k in range(min(lost, won) + 1)) / 2**total
    return McNemar(lost, won, min(1.0, 2 * tail))
