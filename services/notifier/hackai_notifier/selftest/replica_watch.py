"""Tells the caretakers of an instance of the inference service that no canary has proven for too long."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import structlog

from hackai_notifier.selftest import canary_texts
from hackai_notifier.selftest.canaries import Canary
from hackai_notifier.selftest.maintenance_notices import Notices
from hackai_notifier.selftest.replicas import Replicas, Unproven
from hackai_notifier.stopping import pause
from hackai_shared.config.canary import CanaryConfig
from hackai_shared.health import CheckResult

log = structlog.get_logger(__name__)

LOOK_EVERY_S = 5.0
Living = Callable[[], Awaitable[set[str] | None]]


class ReplicaWatch:
    """Expects a canary of each living instance, in turn."""

    def __init__(
        self,
        notices: Notices,
        config: CanaryConfig,
        *,
        living: Living,
        broken: Callable[[], bool],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``broken``: no canary comes through at all, which is told already; ``living`` returns the instances."""
        self._notices = notices
        self._config = config
        self._living = living
        self._broken = broken
        self._clock = clock
        self._replicas = Replicas(config)
        self._overdue: dict[str, Unproven] = {}

    def came_through(self, canary: Canary) -> None:
        """Take down which instance a canary has proven."""
        self._replicas.prove(canary.judged_by, self._clock())

    async def run(self, stop: asyncio.Event) -> None:
        """Watch until ``stop`` is set."""
        while self._config.enabled and not stop.is_set():
            await self.look()
            await pause(stop, LOOK_EVERY_S)
        await stop.wait()

    async def look(self) -> None:
        """Look once; Redis that does not answer is no news of anybody."""
        living = await self._living()
        if living is None:
            return
        now = self._clock()
        self._replicas.see(living, now)
        if self._broken():
            self._replicas.begin_anew(now)
        overdue = {one.instance: one for one in self._replicas.overdue(now)}
        known, self._overdue = self._overdue, overdue
        for instance in sorted(overdue.keys() - known.keys()):
            log.error("replica not proven", instance=instance, age_s=round(overdue[instance].age_s))
            await self._notices.tell(f"replica {instance} {time.time():.0f}", canary_texts.unproven(overdue[instance]))
        for instance in sorted((known.keys() - overdue.keys()) & living):
            if not self._broken():
                await self._notices.tell(f"replica back {instance} {time.time():.0f}", canary_texts.proven(instance))

    def check(self) -> CheckResult:
        """Return whether each living instance was proven in time."""
        if self._overdue:
            return CheckResult(False, f"not proven by a test fire for long: {', '.join(sorted(self._overdue))}")
        return CheckResult(True, f"{len(self._replicas.ages_s(0.0))} instances of the inference service")

    def details(self) -> dict[str, Any]:
        """Return what the heartbeat says: for each instance, the seconds since it was last proven or seen first."""
        return {instance: round(age_s, 1) for instance, age_s in self._replicas.ages_s(self._clock()).items()}
