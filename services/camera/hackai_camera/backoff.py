"""How long to wait before a source is opened again."""

from __future__ import annotations

from tenacity import RetryCallState, Retrying, wait_random_exponential

MIN_S = 0.5
MAX_S = 30.0
# A source that ran for so long was healthy: its next failure begins a new series.
HEALTHY_S = 30.0


class Backoff:
    """Exponential with full jitter, ``MIN_S`` to ``MAX_S``: the cameras behind one switch must not return in step."""

    def __init__(self) -> None:
        self._wait = wait_random_exponential(multiplier=MIN_S * 2, min=MIN_S, max=MAX_S)
        self._state = RetryCallState(Retrying(), None, (), {})
        self._state.attempt_number = 0

    def failed(self, ran_s: float) -> float:
        """Note a failure after ``ran_s`` seconds with frames; return the seconds to wait now."""
        if ran_s >= HEALTHY_S:
            self._state.attempt_number = 0
        self._state.attempt_number += 1
        return self._wait(self._state)
