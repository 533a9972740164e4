"""hackai_compression.judging.intervals."""

from __future__ import annotations

import pytest
from scipy.stats import binomtest

from hackai_compression.judging.intervals import share


def test_nothing_has_no_share() -> None:
    assert share(0, 0) is None


@pytest.mark.parametrize(("count", "of"), [(0, 25), (25, 25), (1, 1), (3, 256), (384, 396)])
def test_bounds_are_exact(count: int, of: int) -> None:
    found = share(count, of)
    assert found is not None
    exact = binomtest(count, of).proportion_ci(0.95, method="exact")
    assert (found.low, found.high) == pytest.approx((exact.low, exact.high), abs=1e-5)
    assert found.low <= found.value <= found.high


def test_a_share_says_its_bounds() -> None:
    assert str(share(0, 25)) == "0.0 % (0.0-13.7)"
