"""Keeps one service working: what ends is started again, what hangs is killed first, and people hear of both."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import httpx
import structlog

from hackai_shared.teller import Teller
from hackai_shared.watchdog import STALLED_STATUS
from hackai_standalone import texts
from hackai_standalone.child import Child
from hackai_standalone.pulse import Answer, Pulse
from hackai_standalone.restart import RestartPolicy

log = structlog.get_logger(__name__)

ASK_EVERY_S = 2.0
ANSWER_S = 3.0
START_UNTIL_S = 2.0
CONFIGURATION_STATUS = 78
CONFIGURATION_RETRY_S = 60.0

Start = Callable[[], Awaitable[Child]]


class ServiceKeeper:
    """Supervises one service until its task is cancelled."""

    def __init__(self, name: str, url: str, child: Child, start: Start, teller: Teller) -> None:
        self._name = name
        self._url = url
        self._child = child
        self._start = start
        self._teller = teller
        self._policy = RestartPolicy()
        self._starting: asyncio.Future[Child] | None = None

    async def run(self) -> None:
        """Keep the service working."""
        loop = asyncio.get_running_loop()
        async with httpx.AsyncClient(base_url=self._url, timeout=ANSWER_S) as client:
            while True:
                started = loop.time()
                reason = await self._until_it_fails(client)
                log.error("service failed, restarting it", process=self._name, reason=reason)
                refused = self._child.status == CONFIGURATION_STATUS
                said = texts.refused_configuration(self._name) if refused else texts.failed(self._name, reason)
                self._teller.trouble(self._name, said)
                pause = self._policy.pause_s(ran_s=loop.time() - started)
                await asyncio.sleep(CONFIGURATION_RETRY_S if refused else pause)
                # A stop must not tear this apart: a child that is just being started has to be known, to be stopped.
                self._starting = asyncio.ensure_future(self._started())
                self._child = await asyncio.shield(self._starting)
                self._starting = None

    async def stop(self, grace_s: float) -> None:
        """Stop the service; bounded."""
        if self._starting is not None:
            done, _ = await asyncio.wait({self._starting}, timeout=START_UNTIL_S)
            if not done:
                self._starting.cancel()
        await self._child.stop(grace_s)

    def kill(self) -> None:
        """End the service at once."""
        self._child.kill()

    async def _started(self) -> Child:
        while True:
            try:
                self._child = await self._start()
            except OSError as error:  # no memory, no descriptors, no room for the log: all of it may pass
                log.error("cannot start a process", process=self._name, error=str(error))
                await asyncio.sleep(2.0)
            else:
                return self._child

    async def _until_it_fails(self, client: httpx.AsyncClient) -> str:
        """Ask how it does until it ends or has to be killed; return why."""
        loop = asyncio.get_running_loop()
        pulse = Pulse(loop.time())
        ended = asyncio.ensure_future(self._child.wait())
        try:
            while True:
                reason = pulse.note(loop.time(), await _ask(client))
                if ended.done():
                    return _ending(ended.result())
                if reason is not None:
                    self._child.kill()
                    await asyncio.wait({ended}, timeout=ANSWER_S)
                    return reason
                if pulse.works:
                    self._teller.over(self._name, lambda lasted_s: texts.works_again(self._name, lasted_s))
                await asyncio.wait({ended}, timeout=ASK_EVERY_S)
        finally:
            ended.cancel()


async def _ask(client: httpx.AsyncClient) -> Answer | None:
    """Return what a service says of its work; None: nothing in time."""
    try:
        async with asyncio.timeout(ANSWER_S):
            answer = await client.get("/readyz")
            checks = answer.json()["checks"]
            return Answer({check["name"]: check["detail"] for check in checks if check["own"] and not check["ok"]})
    except (httpx.HTTPError, TimeoutError, ValueError, KeyError, TypeError):
        return None


def _ending(status: int) -> str:
    if status == STALLED_STATUS:
        return "it hung"
    return f"it was killed (signal {-status})" if status < 0 else f"it ended with status {status}"
