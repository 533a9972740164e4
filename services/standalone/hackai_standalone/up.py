"""``hackai up``: the real thing on one machine, supervised."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import structlog
import typer
from rich.console import Console

from hackai_shared.config import ConfigError, load_config
from hackai_shared.logs import configure_logging
from hackai_standalone.child import Child
from hackai_standalone.doctor.rounds import end_rounds, make_rounds
from hackai_standalone.embedded_redis import EmbeddedRedisError, start_embedded_redis
from hackai_standalone.locations import models_dir
from hackai_standalone.ports import is_free
from hackai_standalone.restart import RestartPolicy
from hackai_standalone.service_token import kept_service_token
from hackai_standalone.stack import START_ORDER, Plan, StackError, start_service, wait_until_listening

app = typer.Typer()
log = structlog.get_logger(__name__)

DEFAULT_PORTS = {"camera": 8081, "inference": 8082, "notifier": 8083, "face_auth": 8084, "dashboard": 8080}
CONFIGURATION_STATUS = 78


@app.command()
def up(
    config: Annotated[Path, typer.Option("-c", "--config", help="the configuration")] = Path("config.yml"),
    data: Annotated[Path, typer.Option(help="folder for what must survive a restart")] = Path("data"),
    log_format: Annotated[str, typer.Option(help="console or json")] = "console",
) -> None:
    """Run every service on this machine until Ctrl-C; a service that ends is started again."""
    configure_logging("standalone", format=log_format)
    errors = Console(stderr=True, highlight=False)
    try:
        load_config(config)
    except ConfigError as error:
        errors.print(f"[red]{error}[/]")
        raise typer.Exit(CONFIGURATION_STATUS) from error
    try:
        asyncio.run(_run(config, data, log_format))
    except (StackError, EmbeddedRedisError) as error:
        errors.print(f"[red]{error}[/]")
        raise typer.Exit(1) from error


def service_ports() -> dict[str, int]:
    """Return the port of each service: HACKAI_<SERVICE>_PORT, else the documented default."""
    return {name: int(os.environ.get(f"HACKAI_{name.upper()}_PORT", DEFAULT_PORTS[name])) for name in start_order()}


def start_order() -> tuple[str, ...]:
    """Return the services that run here: the face service where it is installed, first, because others ask for its key.

    Its models bring packages that not everybody wants; without it the chats of the configuration decide. The page comes
    last: it shows the others.
    """
    with_faces = find_spec("hackai_face_auth") is not None and find_spec("insightface") is not None
    return (*(("face_auth",) if with_faces else ()), *START_ORDER, "dashboard")


async def _run(config: Path, data: Path, log_format: str) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    ports = service_ports()
    taken = [f"{name} ({port})" for name, port in ports.items() if not is_free("127.0.0.1", port)]
    if taken:
        raise StackError(f"ports in use: {', '.join(taken)}; is HackAI running already? Else set HACKAI_<SERVICE>_PORT")
    async with AsyncExitStack() as cleanup:
        supervisor = Supervisor(stop)
        url = os.environ.get("HACKAI_REDIS_URL")
        if url is None:
            redis = await start_embedded_redis(data / "redis", durable=True)
            cleanup.push_async_callback(redis.child.stop)
            url = redis.url
            supervisor.watch_unrestartable(redis.child)
        plan = Plan(
            config=config,
            redis_url=url,
            models_dir=models_dir(),
            data_dir=data,
            ports=ports,
            log_format=log_format,
            service_token=kept_service_token(data),
        )
        for name in ports:
            child = await start_service(plan, name)
            cleanup.push_async_callback(supervisor.keep_running(plan, child))
            await wait_until_listening(plan, child)
        log.info("watching", **{name: plan.url(name) for name in ports})
        rounds = asyncio.create_task(make_rounds(plan))
        cleanup.push_async_callback(end_rounds, rounds)
        await stop.wait()
        log.info("stopping")
    supervisor.raise_failure()


class Supervisor:
    """Restarts services that end, with growing pauses."""

    def __init__(self, stop: asyncio.Event) -> None:
        self._stop = stop
        self._failure: str | None = None
        self._watchers: set[asyncio.Task[None]] = set()

    def keep_running(self, plan: Plan, child: Child) -> Callable[[], Awaitable[None]]:
        """Watch a service; return what stops it."""
        current = [child]
        task = asyncio.create_task(self._restart(plan, current))

        async def stopper() -> None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await current[0].stop()

        return stopper

    def watch_unrestartable(self, child: Child) -> None:
        """End everything when a process ends that the others cannot do without at their address."""
        task = asyncio.create_task(self._end_with(child))
        self._watchers.add(task)

    def raise_failure(self) -> None:
        """Raise what ended the run, if it was not the user.

        Raises:
            StackError: a service that cannot be restarted ended.
        """
        for watcher in self._watchers:
            watcher.cancel()
        if self._failure is not None:
            raise StackError(self._failure)

    async def _restart(self, plan: Plan, current: list[Child]) -> None:
        policy = RestartPolicy()
        loop = asyncio.get_running_loop()
        while True:
            started = loop.time()
            status = await current[0].wait()
            if self._stop.is_set():
                return
            name = current[0].name
            if status == CONFIGURATION_STATUS:
                self._fail(f"{name} refuses its configuration (see above)")
                return
            pause = policy.pause_s(ran_s=loop.time() - started)
            log.error("service ended, starting it again", process=name, status=status, pause_s=pause)
            await asyncio.sleep(pause)
            current[0] = await start_service(plan, name)

    async def _end_with(self, child: Child) -> None:
        status = await child.wait()
        if not self._stop.is_set():
            self._fail(f"{child.name} ended with status {status}")

    def _fail(self, reason: str) -> None:
        self._failure = reason
        self._stop.set()
