"""Calls an external checker while all is well: that the notifier itself has died, only somebody outside can tell."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import httpx
import structlog

from hackai_notifier.stopping import pause
from hackai_shared.config.notifications import ExternalCheckConfig
from hackai_shared.health import Health
from hackai_shared.metrics import Metrics

log = structlog.get_logger(__name__)

TIMEOUT_S = 10.0


class ExternalCheck:
    """A dead-man's switch: the call stops when anything is wrong, and the checker outside raises the alarm.

    "All is well" is the readiness of the notifier, and with it the canary: a call says that a fire would be told.
    """

    def __init__(
        self, config: ExternalCheckConfig, health: Health, metrics: Metrics, *, now: Callable[[], float] = time.time
    ) -> None:
        self._config = config
        self._health = health
        self._now = now
        self._http = httpx.AsyncClient(timeout=TIMEOUT_S, follow_redirects=True)
        self._calls = metrics.counter("external_check", "calls of the external checker", ["outcome"])
        self._last = metrics.gauge("external_check_timestamp_seconds", "when the external checker last answered")
        self._quiet = False

    async def run(self, stop: asyncio.Event) -> None:
        """Call until ``stop`` is set."""
        while not stop.is_set():
            if self._all_is_well():
                await self._call()
            await pause(stop, self._config.every_s)

    async def close(self) -> None:
        """Close connections."""
        await self._http.aclose()

    def _all_is_well(self) -> bool:
        failing = {name: result.detail for name, result in self._health.results().items() if not result.ok}
        if failing and not self._quiet:
            log.error("the external checker is not called: it will raise its alarm", failing=failing)
        self._quiet = bool(failing)
        return not failing

    async def _call(self) -> None:
        try:
            answer = await self._http.get(self._config.url.get_secret_value())
            answer.raise_for_status()
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            # The URL is a secret: whoever has it can feign that all is well.
            answered = isinstance(error, httpx.HTTPStatusError)
            reason = f"answered {answer.status_code}" if answered else type(error).__name__
            log.warning("external checker not reached", reason=reason)
            self._calls.labels("failed").inc()
        else:
            self._calls.labels("answered").inc()
            self._last.set(self._now())
