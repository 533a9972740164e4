"""Runs the demo: every service as a process, one source, until it has ended and all was delivered."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from hackai_shared.bus import Bus
from hackai_standalone.child import Child
from hackai_standalone.demo.events import DemoEvent
from hackai_standalone.demo.follow import Follower
from hackai_standalone.demo.progress import Progress
from hackai_standalone.embedded_redis import start_embedded_redis
from hackai_standalone.ports import free_port
from hackai_standalone.stack import START_ORDER, Plan, StackError, start_service, wait_until_listening

CAMERA = "demo"
CHANNEL = "console"
# Newest-frame-wins: the last frame is always judged, unless the bus lost it; then a quiet spell must be enough.
QUIET_S = 3.0
DELIVERY_TIMEOUT_S = 30.0
# A source that cannot be opened is retried by the camera for ever; a demo says so after this time.
OPEN_TIMEOUT_S = 15.0


@dataclass(frozen=True)
class DemoOptions:
    """What the user asked for."""

    source: dict[str, Any]
    name: str
    out: Path
    models_dir: Path
    fps: float
    endless: bool


async def run_demo(options: DemoOptions, tell: Callable[[DemoEvent], None], stop: asyncio.Event) -> None:
    """Run until the source has ended and every step of every incident came to an end, or ``stop`` is set.

    Raises:
        StackError: a service ended, or the source cannot be opened.
        EmbeddedRedisError: the embedded server did not start.
    """
    async with AsyncExitStack() as cleanup:
        state = Path(cleanup.enter_context(tempfile.TemporaryDirectory(prefix="hackai-demo-")))
        redis = await start_embedded_redis(state / "redis", durable=False)
        cleanup.push_async_callback(redis.stop)
        plan = _plan(options, state, redis.url)
        bus = await cleanup.enter_async_context(Bus(redis.url))
        progress = Progress(CHANNEL)
        follower = Follower(bus, progress, tell)
        following = asyncio.create_task(follower.run(stop_following := asyncio.Event()))
        cleanup.push_async_callback(_finish, following, stop_following)
        children = await _start_all(plan, cleanup)
        tell(DemoEvent("started", {"source": options.name, "camera": CAMERA}, f"watching [bold]{options.name}[/]"))
        await _wait_for_end(options, plan, progress, follower, children, stop)
        tell(_ended(progress))


def _plan(options: DemoOptions, state: Path, redis_url: str) -> Plan:
    logs = options.out / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    for old in logs.glob("*.log"):
        old.unlink()
    # A short look at one source: no watch over the watch.
    camera = {"name": options.name, "source": options.source, "fps": options.fps, "faults": {"enabled": False}}
    config = {
        "canary": {"enabled": False},
        "cameras": {CAMERA: camera},
        "notifier": {
            "telegram": {"enabled": False},
            "console": {"folder": str((options.out / "incidents").resolve())},
        },
    }
    path = state / "config.yml"
    path.write_text(yaml.safe_dump(config), encoding="utf-8")
    return Plan(
        config=path,
        redis_url=redis_url,
        models_dir=options.models_dir,
        data_dir=state / "data",
        ports={name: free_port() for name in START_ORDER},
        log_dir=logs,
        heartbeat_s=0.5,
        extra={"HACKAI_CAMERA_MAY_END": "true"},
    )


async def _start_all(plan: Plan, cleanup: AsyncExitStack) -> list[Child]:
    *receivers, camera = START_ORDER
    started = []
    for name in receivers:
        started.append(child := await start_service(plan, name))
        cleanup.push_async_callback(child.stop)
    await asyncio.gather(*(wait_until_listening(plan, child) for child in started))
    started.append(child := await start_service(plan, camera))
    cleanup.push_async_callback(child.stop)
    await wait_until_listening(plan, child)
    return started


async def _wait_for_end(
    options: DemoOptions, plan: Plan, progress: Progress, follower: Follower, children: list[Child], stop: asyncio.Event
) -> None:
    loop = asyncio.get_running_loop()
    started = quiet_since = loop.time()
    seen = -1
    judged_all_at: float | None = None
    while not stop.is_set():
        for child in children:
            if child.status is not None:
                raise StackError(f"{child.name} ended with status {child.status}; see {plan.log_path(child.name)}")
        now = loop.time()
        _check_opened(options, progress, now - started)
        if progress.frames_judged != seen:
            seen, quiet_since = progress.frames_judged, now
        if progress.all_judged or (progress.source_ended and now - quiet_since > QUIET_S):
            judged_all_at = judged_all_at or now
            if not progress.waiting_for or now - judged_all_at > DELIVERY_TIMEOUT_S:
                return
        follower.changed.clear()
        try:
            await asyncio.wait_for(follower.changed.wait(), 0.25)
        except TimeoutError:
            continue


def _check_opened(options: DemoOptions, progress: Progress, waited_s: float) -> None:
    camera = progress.camera
    if camera is None or camera.frames or camera.state in ("running", "ended"):
        return
    # A file that cannot be read will not get better; a camera may just be starting.
    if camera.error and camera.reconnects >= 1 and (not options.endless or waited_s > OPEN_TIMEOUT_S):
        raise StackError(f"{options.name} cannot be opened: {camera.error}")


async def _finish(task: asyncio.Task[None], stop: asyncio.Event) -> None:
    stop.set()
    await task


def _ended(progress: Progress) -> DemoEvent:
    frames = progress.camera.frames if progress.camera else 0
    fields: dict[str, Any] = {
        "frames": frames,
        "judged": progress.frames_judged,
        "incidents": len(progress.incidents),
        "undelivered": [f"{incident}:{step}" for incident, step in progress.waiting_for],
    }
    found = f"{len(progress.incidents)} incident{'' if len(progress.incidents) == 1 else 's'}"
    return DemoEvent(
        "ended", fields, f"the source has ended: {frames} frames, {progress.frames_judged} judged, {found}"
    )
