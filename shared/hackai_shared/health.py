"""Health means work done: readiness looks at the age of the last frame, inference or delivery."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Callable, Dict, Optional, Set

Clock = Callable[[], float]


@dataclass(frozen=True)
class CheckResult:
    """The outcome of one check, in words that people understand."""

    ok: bool
    detail: str


Check = Callable[[], CheckResult]


class WorkClock:
    """Remembers when a piece of work was last done.

    Until the first ``beat`` the check passes for ``grace_s`` seconds: a service that has just started is not broken.
    """

    def __init__(self, max_age_s: float, *, grace_s: Optional[float] = None, clock: Clock = time.monotonic) -> None:
        self._max_age_s = max_age_s
        self._grace_s = max_age_s if grace_s is None else grace_s
        self._clock = clock
        self._started = clock()
        self._last: Optional[float] = None

    def beat(self) -> None:
        """Note that the work was done now."""
        self._last = self._clock()

    @property
    def age_s(self) -> Optional[float]:
        """Seconds since the last beat; None before the first."""
        return None if self._last is None else self._clock() - self._last

    def check(self) -> CheckResult:
        """Return whether the work was done lately."""
        age = self.age_s
        if age is None:
            waited = self._clock() - self._started
            return CheckResult(waited <= self._grace_s, f"not yet done, {waited:.0f} s after start")
        return CheckResult(age <= self._max_age_s, f"last done {age:.1f} s ago (limit {self._max_age_s:g} s)")


class Health:
    """The named checks of a service."""

    def __init__(self) -> None:
        self._checks: Dict[str, Check] = {}
        self._own: Set[str] = set()

    def add(self, name: str, check: Check, *, own: bool = False) -> None:
        """Register a check; it must be quick and must not block.

        ``own``: what it looks at depends on this process alone, so that a failure that lasts means that the process is
        stuck and has to be started again. A camera that is away, or Redis, is nobody's own.
        """
        self._checks[name] = check
        if own:
            self._own.add(name)
        else:
            self._own.discard(name)

    def stuck(self) -> Dict[str, str]:
        """Return the failing checks, with their words, that only a restart of this process can cure."""
        results = {name: self._checks[name]() for name in sorted(self._own)}
        return {name: result.detail for name, result in results.items() if not result.ok}

    def is_own(self, name: str) -> bool:
        """Return whether a failure of this check means that the process is stuck."""
        return name in self._own

    def results(self) -> Dict[str, CheckResult]:
        """Run all checks."""
        return {name: check() for name, check in self._checks.items()}

    @property
    def ready(self) -> bool:
        """Whether all checks pass."""
        return all(result.ok for result in self.results().values())
