"""Token buckets per client in front of everything that costs: a flood is answered with 429 before it costs anything."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, Awaitable, Callable, MutableMapping, Tuple

from hackai_shared.problems import problem_response

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

# Clients remembered at the same time: bounded memory whatever addresses a flood makes up.
MAX_CLIENTS = 10_000
# Probes and scrapes must get through while somebody floods from the same address.
_EXEMPT = frozenset({"/healthz", "/readyz"})


@dataclass
class _Bucket:
    tokens: float
    at: float


class TokenBuckets:
    """``per_minute`` on average and ``burst`` at once for each key."""

    def __init__(self, per_minute: float, burst: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = per_minute / 60.0
        self._burst = float(burst)
        self._clock = clock
        self._buckets: "OrderedDict[str, _Bucket]" = OrderedDict()

    def take(self, key: str) -> float:
        """Take one token; return 0 when there was one, else the seconds until there is."""
        now = self._clock()
        bucket = self._buckets.pop(key, None) or _Bucket(self._burst, now)
        bucket.tokens = min(self._burst, bucket.tokens + (now - bucket.at) * self._rate)
        bucket.at = now
        self._buckets[key] = bucket
        if len(self._buckets) > MAX_CLIENTS:
            self._buckets.popitem(last=False)
        if bucket.tokens >= 1.0:
            bucket.tokens -= 1.0
            return 0.0
        return (1.0 - bucket.tokens) / self._rate


class RateLimit:
    """ASGI middleware: 429 with ``Retry-After`` per client address."""

    def __init__(self, app: Any, *, per_minute: float, burst: int) -> None:
        self._app = app
        self._buckets = TokenBuckets(per_minute, burst)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer 429."""
        if scope["type"] != "http" or scope["path"] in _EXEMPT:
            await self._app(scope, receive, send)
            return
        client: Tuple[str, int] = scope.get("client") or ("unknown", 0)
        wait_s = self._buckets.take(client[0])
        if wait_s == 0.0:
            await self._app(scope, receive, send)
            return
        seconds = str(max(1, math.ceil(wait_s)))
        response = problem_response(
            429, f"too many requests; try again in {seconds} s", kind="rate-limited", headers={"Retry-After": seconds}
        )
        await response(scope, receive, send)
