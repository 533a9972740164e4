"""``hackai up``: the real thing on one machine, supervised."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any

import structlog
import typer
from rich.console import Console

from hackai_shared.config import ConfigError, HackAIConfig
from hackai_shared.disk import DiskGuard, Reserve
from hackai_shared.last_message import targets_of, telegram_token
from hackai_shared.logs import configure_logging
from hackai_shared.private_files import private_folder
from hackai_shared.teller import Teller
from hackai_standalone import texts
from hackai_standalone.disk_watch import watch_disk
from hackai_standalone.doctor.rounds import end_rounds, make_rounds
from hackai_standalone.embedded_redis import EmbeddedRedisError, start_embedded_redis
from hackai_standalone.keeper import CONFIGURATION_STATUS, ServiceKeeper
from hackai_standalone.locations import models_dir
from hackai_standalone.ports import is_free
from hackai_standalone.redis_keeper import RedisKeeper, watch_redis
from hackai_standalone.service_token import kept_service_token
from hackai_standalone.stack import START_ORDER, Plan, StackError, start_service, wait_until_listening
from hackai_standalone.stop_signal import StopSignal
from hackai_standalone.systemd import keep_alive, notify
from hackai_standalone.usable_config import load_usable_config

app = typer.Typer()
log = structlog.get_logger(__name__)

DEFAULT_PORTS = {"camera": 8081, "inference": 8082, "notifier": 8083, "face_auth": 8084, "dashboard": 8080}


@app.command()
def up(
    config: Annotated[Path, typer.Option("-c", "--config", help="the configuration")] = Path("config.yml"),
    data: Annotated[Path, typer.Option(help="folder for what must survive a restart")] = Path("data"),
    log_format: Annotated[str, typer.Option(help="console or json")] = "console",
) -> None:
    """Run every service on this machine until Ctrl-C; a service that ends is started again."""
    configure_logging("standalone", format=log_format)
    errors = Console(stderr=True, highlight=False)
    os.umask(0o077)
    try:
        settings = load_usable_config(config, models_dir(), os.environ)
    except ConfigError as error:
        errors.print(f"[red]{error}[/]")
        raise typer.Exit(CONFIGURATION_STATUS) from error
    try:
        asyncio.run(_run(config, data, log_format, settings))
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


async def _run(config: Path, data: Path, log_format: str, settings: HackAIConfig) -> None:
    stop = StopSignal()
    stop.listen()
    ports = service_ports()
    taken = [f"{name} ({port})" for name, port in ports.items() if not is_free("127.0.0.1", port)]
    if taken:
        raise StackError(f"ports in use: {', '.join(taken)}; is HackAI running already? Else set HACKAI_<SERVICE>_PORT")
    private_folder(data)
    teller = Teller(targets_of(settings, telegram_token()))
    async with AsyncExitStack() as cleanup:
        cleanup.callback(teller.close)
        url = os.environ.get("HACKAI_REDIS_URL")
        redis: RedisKeeper | None = None
        if url is None:
            embedded = await start_embedded_redis(data / "redis", durable=True)
            url, redis = embedded.url, RedisKeeper(embedded, teller)
            for repair in embedded.repairs:
                teller.say(texts.queue_repaired(str(repair.kept), truncated=repair.truncated))
            cleanup.push_async_callback(redis.stop)
        plan = Plan(
            config=config,
            redis_url=url,
            models_dir=models_dir(),
            data_dir=data,
            ports=ports,
            log_format=log_format,
            service_token=kept_service_token(data),
        )
        guard = DiskGuard(data, Path(settings.notifier.console.folder), reserve=Reserve(data))
        _in_background(cleanup, redis.run() if redis is not None else watch_redis(url, teller))
        _in_background(cleanup, watch_disk(guard, redis, teller))
        _in_background(cleanup, keep_alive())
        for name in ports:
            child = await start_service(plan, name)
            keeper = ServiceKeeper(name, plan.url(name), child, partial(start_service, plan, name), teller)
            stop.before_kill(keeper.kill)
            cleanup.push_async_callback(_stop_in_time, stop, keeper)
            if not await stop.unless(wait_until_listening(plan, child)):
                return
            _in_background(cleanup, keeper.run())
        log.info("watching", **{name: plan.url(name) for name in ports})
        notify("READY=1")
        rounds = asyncio.create_task(make_rounds(plan))
        cleanup.push_async_callback(end_rounds, rounds)
        await stop.wait()
        notify("STOPPING=1")
        log.info("stopping")


def _in_background(cleanup: AsyncExitStack, work: Coroutine[Any, Any, None]) -> None:
    """Run until the stop; what ends earlier by an error says so, and ends nothing else."""
    task = asyncio.create_task(work)
    task.add_done_callback(_report)

    async def end() -> None:
        task.cancel()
        await asyncio.wait({task}, timeout=1.0)

    cleanup.push_async_callback(end)


def _report(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and task.exception() is not None:
        log.error("a part of the supervision ended", exc_info=task.exception())


async def _stop_in_time(stop: StopSignal, keeper: ServiceKeeper) -> None:
    await keeper.stop(stop.grace_s())
