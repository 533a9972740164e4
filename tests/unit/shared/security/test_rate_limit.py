"""Token buckets."""

from __future__ import annotations

import pytest

from hackai_shared.security.rate_limit import MAX_CLIENTS, TokenBuckets


def test_a_burst_and_then_the_rate() -> None:
    now = [0.0]
    buckets = TokenBuckets(60, 3, clock=lambda: now[0])
    assert [buckets.take("a") for _ in range(3)] == [0.0, 0.0, 0.0]
    assert buckets.take("a") == pytest.approx(1.0)
    now[0] = 1.0
    assert buckets.take("a") == 0.0
    assert buckets.take("a") > 0.0


def test_one_client_does_not_slow_another() -> None:
    buckets = TokenBuckets(1, 1, clock=lambda: 0.0)
    buckets.take("a")
    assert buckets.take("a") > 0
    assert buckets.take("b") == 0.0


def test_made_up_clients_do_not_fill_the_memory() -> None:
    buckets = TokenBuckets(1, 1, clock=lambda: 0.0)
    for number in range(MAX_CLIENTS + 100):
        buckets.take(str(number))
    assert len(buckets._buckets) == MAX_CLIENTS
