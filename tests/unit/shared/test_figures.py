"""A probability is shown in one way, everywhere."""

from __future__ import annotations

import pytest

from hackai_shared.figures import percent


@pytest.mark.parametrize(
    ("score", "expected"), [(0.0, "0 %"), (0.834, "83 %"), (0.934, "93 %"), (0.996, "99 %"), (1.0, "99 %")]
)
def test_nothing_is_certain(score: float, expected: str) -> None:
    assert percent(score) == expected
