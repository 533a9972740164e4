"""Telegram's limits, kept before they are broken. Pure: time comes in as an argument.

About one message per second and chat (short bursts are tolerated), 20 per minute in a group, 30 per second in all:
https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this
"""

from __future__ import annotations

from collections import OrderedDict

MAX_CHATS = 10_000


class TokenBucket:
    """Allows ``burst`` at once and ``rate`` per second in the long run."""

    def __init__(self, rate: float, burst: float) -> None:
        self._rate = rate
        self._burst = burst
        self._tokens = burst
        self._at = float("-inf")

    def reserve(self, now: float) -> float:
        """Take one token; return the seconds to wait until it is there."""
        if self._at > float("-inf"):
            self._tokens = min(self._burst, self._tokens + max(0.0, now - self._at) * self._rate)
        self._at = max(now, self._at)
        self._tokens -= 1.0
        return max(0.0, -self._tokens / self._rate)


class Pacer:
    """The buckets of one bot."""

    def __init__(self) -> None:
        self._all = TokenBucket(rate=30.0, burst=30.0)
        self._chats: OrderedDict[int, tuple[TokenBucket, ...]] = OrderedDict()

    def reserve(self, chat_id: int, now: float) -> float:
        """Return the seconds to wait before the next message to a chat; the message counts as sent then."""
        buckets = self._chats.pop(chat_id, None)
        if buckets is None:
            # Text, photo and clip of one incident may follow each other at once.
            buckets = (TokenBucket(rate=1.0, burst=3.0),)
            if chat_id < 0:
                buckets += (TokenBucket(rate=20 / 60, burst=20.0),)
        self._chats[chat_id] = buckets
        if len(self._chats) > MAX_CHATS:
            self._chats.popitem(last=False)
        return max(bucket.reserve(now) for bucket in (*buckets, self._all))
