"""Start and stop of a service: one event loop, the HTTP edge, supervised background tasks, graceful stop on SIGTERM."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from dataclasses import dataclass, field
from typing import Any, Awaitable, Callable, Dict, List, Optional

import structlog
import uvicorn
from fastapi import FastAPI

from hackai_shared import descriptors
from hackai_shared.bounded_http import HttpLimits, bounded
from hackai_shared.bus import Bus, BusUnavailable
from hackai_shared.config import ConfigError
from hackai_shared.health import CheckResult, Health
from hackai_shared.logs import configure_logging
from hackai_shared.messages import CameraStatus, ServiceStatus
from hackai_shared.metrics import Metrics
from hackai_shared.settings import ServiceSettings, SettingsError
from hackai_shared.watchdog import LOOK_EVERY_S, Watchdog

log = structlog.get_logger(__name__)

# A heartbeat counts as missing after three were lost.
HEARTBEATS_LOST = 3
GRACE_S = 8.0


@dataclass
class ServiceContext:
    """What a service is given to build itself from."""

    name: str
    instance: str
    settings: ServiceSettings
    bus: Bus
    health: Health
    metrics: Metrics
    stop: asyncio.Event


Task = Callable[[], Awaitable[None]]


@dataclass
class ServiceParts:
    """What a service consists of.

    ``tasks`` run until ``context.stop`` is set; one that raises or returns earlier ends the service with status 1, so
    that a supervisor restarts it: a service that cannot do its job never stays green. ``closers`` run at the end.
    """

    app: FastAPI
    port: int
    tasks: Dict[str, Task] = field(default_factory=dict)
    closers: List[Task] = field(default_factory=list)
    cameras: Callable[[], List[CameraStatus]] = list
    details: Callable[[], Dict[str, Any]] = dict
    judged_s: Callable[[], Dict[str, float]] = dict


Builder = Callable[[ServiceContext], Awaitable[ServiceParts]]


def run_service(name: str, read: Callable[[], ServiceSettings], build: Builder) -> None:
    """Run a service until SIGTERM or SIGINT; exits the process.

    Exit status: 0 after a signal, 1 when a task failed, 75 when its own work stalled, 78 (EX_CONFIG) for a wrong
    configuration or environment. What it writes is for this user alone.
    """
    os.umask(0o077)
    descriptors.raise_limit()
    try:
        settings = read()
    except SettingsError as error:
        sys.exit(_configuration_failed(name, error))
    configure_logging(name, level=settings.log_level, format=settings.log_format)
    try:
        import uvloop

        uvloop.install()
    except ImportError:  # not available on this platform: the standard loop does the same, slower
        log.debug("uvloop is not installed")
    try:
        sys.exit(asyncio.run(_serve(name, settings, build)))
    except ConfigError as error:
        sys.exit(_configuration_failed(name, error))


def _configuration_failed(name: str, error: Exception) -> int:
    sys.stderr.write(f"{name}: {error}\n")
    return 78


def default_instance() -> str:
    """Return host name and process id: unique among replicas on one network."""
    return f"{socket.gethostname()}-{os.getpid()}"


async def _serve(name: str, settings: ServiceSettings, build: Builder) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    health = Health()
    health.add("descriptors", descriptors.check, own=True)
    watchdog = Watchdog(health.stuck)

    def stop_now() -> None:
        stop.set()
        watchdog.stopping()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop_now)
    async with Bus(settings.redis_url) as bus:
        context = ServiceContext(
            name, settings.instance or default_instance(), settings, bus, health, Metrics(name), stop
        )
        parts = await build(context)
        heart = _Heart(context, parts)
        tasks = {**parts.tasks, "heartbeat": heart.run, "watchdog": lambda: _beat(watchdog, stop)}
        watchdog.beat()
        watchdog.start()
        failed = await _run_until_stop(context, parts, tasks)
        # Whatever ends the service: its end is bounded.
        watchdog.stopping()
        for closer in parts.closers:
            await closer()
    log.info("stopped", failed=failed)
    return 1 if failed else 0


async def _beat(watchdog: Watchdog, stop: asyncio.Event) -> None:
    """Tell the watchdog that the event loop turns, until ``stop`` is set."""
    while not stop.is_set():
        watchdog.beat()
        try:
            await asyncio.wait_for(stop.wait(), LOOK_EVERY_S)
        except asyncio.TimeoutError:
            continue


async def _run_until_stop(context: ServiceContext, parts: ServiceParts, tasks: Dict[str, Task]) -> Optional[str]:
    """Run HTTP and tasks until the stop event; return the name of the task that failed, if one did."""
    server = _Server(
        uvicorn.Config(
            parts.app,
            host=context.settings.host,
            port=parts.port,
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=2,
            server_header=False,
            http=bounded(HttpLimits()),
            # Whose word on the client counts is decided by the application, from its configuration.
            proxy_headers=False,
        )
    )
    # Bound before anything else starts: a taken port is an error of the start, not a crash later on.
    listener = _bind(context.settings.host, parts.port)
    running: Dict[asyncio.Future[Any], str] = {
        asyncio.ensure_future(server.serve(sockets=[listener])): "http",
        **{asyncio.ensure_future(task()): task_name for task_name, task in tasks.items()},
    }
    log.info("started", instance=context.instance, host=context.settings.host, port=listener.getsockname()[1])
    waiter = asyncio.ensure_future(context.stop.wait())
    done, _ = await asyncio.wait([waiter, *running], return_when=asyncio.FIRST_COMPLETED)
    failed = None
    for future in done - {waiter}:
        if not context.stop.is_set():
            failed = running[future]
            error = None if future.cancelled() else future.exception()
            log.error("task ended, stopping the service", task=failed, exc_info=error)
    context.stop.set()
    server.should_exit = True
    waiter.cancel()
    _, late = await asyncio.wait(list(running), timeout=GRACE_S)
    for future in late:
        log.warning("task did not stop in time", task=running[future])
        future.cancel()
    await asyncio.gather(*running, return_exceptions=True)
    return failed


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise OSError(error.errno, f"cannot listen on {host}:{port}: {error.strerror}") from error
    listener.set_inheritable(True)
    return listener


class _Server(uvicorn.Server):
    """uvicorn without its own signal handlers: the service decides when to stop."""

    def install_signal_handlers(self) -> None:
        """Do nothing (older uvicorn)."""

    def capture_signals(self) -> Any:
        """Do nothing (newer uvicorn)."""
        from contextlib import nullcontext

        return nullcontext()


class _Heart:
    """Publishes heartbeats; Redis being away is a failing check, never the end of the service."""

    def __init__(self, context: ServiceContext, parts: ServiceParts) -> None:
        self._context = context
        self._parts = parts
        self._redis = CheckResult(False, "not yet reached")
        context.health.add("redis", lambda: self._redis)

    async def run(self) -> None:
        context = self._context
        period = context.settings.heartbeat_s
        while not context.stop.is_set():
            try:
                await context.bus.heartbeat(self._status(), expires_s=HEARTBEATS_LOST * period)
                self._redis = CheckResult(True, "reached")
            except BusUnavailable as error:
                self._redis = CheckResult(False, str(error))
            try:
                await asyncio.wait_for(context.stop.wait(), period)
            except asyncio.TimeoutError:
                continue

    def _status(self) -> ServiceStatus:
        # A heartbeat that gets through proves that Redis is there, whatever the last attempt said.
        results = {name: result for name, result in self._context.health.results().items() if name != "redis"}
        return ServiceStatus(
            service=self._context.name,
            instance=self._context.instance,
            ready=all(result.ok for result in results.values()),
            checks={name: ("ok: " if result.ok else "failing: ") + result.detail for name, result in results.items()},
            cameras=self._parts.cameras(),
            judged_s=self._parts.judged_s(),
            details=self._parts.details(),
        )
