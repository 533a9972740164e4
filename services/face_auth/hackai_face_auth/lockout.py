"""Back-off after failed attempts, per source. The policy is pure; the book remembers over restarts.

A source is a device that asks, never the person whose face is shown: a lock keyed by the victim would be a weapon.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from hackai_face_auth.gallery.database import Database
from hackai_shared.config.faces import LockoutConfig

# Keys remembered at the same time; clients are named by the callers, so that their number has to be bounded.
MAX_KEYS = 20_000


@dataclass(frozen=True)
class Failures:
    """Failures of one source; times in seconds of one clock."""

    count: int = 0
    last: float = 0.0
    locked_until: float = 0.0


def after_failure(before: Failures, now: float, config: LockoutConfig) -> Failures:
    """Return the state after one more failure: from the n-th on each locks twice as long as the one before."""
    count = current(before, now, config).count + 1
    beyond = count - config.failures
    # The exponent is bounded before it is used: 2.0 ** 2000 is an error, not a long time.
    seconds = min(config.longest_s, config.first_s * 2.0 ** min(beyond, 30)) if beyond >= 0 else 0.0
    return Failures(count, now, now + seconds)


def current(state: Failures, now: float, config: LockoutConfig) -> Failures:
    """Return the state as of now: forgotten when neither a failure nor a lock was lately."""
    return Failures() if now - max(state.last, state.locked_until) > config.forget_s else state


class LockoutBook:
    """Decides on a monotonic clock, stores wall-clock times.

    After a restart a lock goes on for what was left of it, at most the longest lock: a wall clock that jumped can
    neither lock somebody out for ever nor, by running backwards, lose the count.
    """

    def __init__(
        self, database: Database, config: LockoutConfig, *, clock: Callable[[], float], now: Callable[[], float]
    ) -> None:
        self._database = database
        self._config = config
        self._clock = clock
        self._now = now
        self._lock = threading.Lock()
        self._states = self._load()

    def remaining_s(self, *keys: str) -> float:
        """Return for how many seconds the longest lock among the keys still holds; 0 when none does."""
        with self._lock:
            now = self._clock()
            return max(0.0, *(self._states.get(key, Failures()).locked_until - now for key in keys))

    def failed(self, *keys: str) -> float:
        """Count a failure for each key; return the seconds of the longest lock that follows from it."""
        with self._lock:
            now = self._clock()
            longest = 0.0
            for key in keys:
                state = after_failure(self._states.get(key, Failures()), now, self._config)
                self._states[key] = state
                self._store(key, state, now)
                longest = max(longest, state.locked_until - now)
            self._forget_old(now)
            return longest

    def succeeded(self, *keys: str) -> None:
        """Forget the failures of these keys."""
        with self._lock:
            self._remove([key for key in keys if key in self._states])

    def _load(self) -> dict[str, Failures]:
        with self._database.reading() as connection:
            rows = connection.execute("SELECT * FROM lockouts ORDER BY last_failure").fetchall()
        clock, wall = self._clock(), self._now()
        longest = self._config.longest_s
        return {
            row["key"]: Failures(
                row["failures"],
                clock - min(max(0.0, wall - row["last_failure"]), self._config.forget_s),
                clock + min(max(0.0, row["locked_until"] - wall), longest),
            )
            for row in rows
        }

    def _store(self, key: str, state: Failures, now: float) -> None:
        wall = self._now()
        with self._database.transaction() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO lockouts VALUES (?, ?, ?, ?)",
                (key, state.count, wall + state.last - now, wall + state.locked_until - now),
            )

    def _forget_old(self, now: float) -> None:
        old = [key for key, state in self._states.items() if current(state, now, self._config).count == 0]
        self._remove(old + list(self._states)[: max(0, len(self._states) - MAX_KEYS)])

    def _remove(self, keys: list[str]) -> None:
        if not keys:
            return
        with self._database.transaction() as connection:
            connection.executemany("DELETE FROM lockouts WHERE key = ?", [(key,) for key in keys])
        for key in keys:
            self._states.pop(key, None)
