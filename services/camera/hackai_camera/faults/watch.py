"""Looks at every camera once a second, and puts what is wrong onto the stream of incidents."""

from __future__ import annotations

import asyncio
import time
from collections import deque

import structlog
from redis.exceptions import RedisError

from hackai_camera.camera import Camera
from hackai_camera.cameras import Cameras
from hackai_camera.faults.condition import Condition
from hackai_camera.faults.incidents import FaultLog
from hackai_camera.faults.look import look_at
from hackai_camera.faults.memory import FaultMemory
from hackai_camera.faults.persistence import PERSISTS_S, FaultChange, Persistence
from hackai_camera.faults.view import View
from hackai_shared.bus import Bus, BusUnavailable, StreamEntry, names
from hackai_shared.messages import Command, IncidentEvent, new_id, utc_now
from hackai_shared.metrics import Metrics

log = structlog.get_logger(__name__)

EVERY_S = 1.0
RETRY_S = 0.5
KEEP_VIEWS_EVERY_S = 60.0
# Faults that wait for Redis: an event with its picture has about 100 KB.
MAX_WAITING = 200


class FaultWatch:
    """The fault watch of all cameras of the process."""

    def __init__(self, bus: Bus, cameras: Cameras, metrics: Metrics) -> None:
        self._bus = bus
        self._cameras = [camera for camera in cameras.values() if camera.config.faults.enabled]
        self._watched: dict[str, _Watched] = {}
        self._waiting: deque[tuple[_Watched, IncidentEvent, bytes | None]] = deque(maxlen=MAX_WAITING)
        self._open = metrics.gauge("fault", "1 while a camera has this fault", ["camera", "fault"])

    async def run(self, stop: asyncio.Event) -> None:
        """Watch until ``stop``."""
        if not await self._restore(stop):
            return
        kept_s = time.monotonic()
        while not stop.is_set():
            for watched in self._watched.values():
                await self._look(watched)
            await self._send()
            if time.monotonic() - kept_s > KEEP_VIEWS_EVERY_S:
                kept_s = time.monotonic()
                for watched in self._watched.values():
                    await watched.memory.keep_views(watched.condition.views)
            await _wait(stop, EVERY_S)
        for watched in self._watched.values():
            await watched.memory.keep_views(watched.condition.views)

    async def consume(self, entry: StreamEntry[Command]) -> None:
        """Take what somebody calls a false alarm for normal: the camera is meant to see this.

        An acknowledgement only says that somebody takes care: a lens that is still covered must not be called healthy.
        """
        command = entry.message
        if command.incident_id is None:
            return
        if command.action == "undo_false_alarm":
            await self._retract(command.incident_id)
        if command.action != "false_alarm":
            return
        for watched in self._watched.values():
            event = watched.log.open_event
            if event is not None and event.incident_id == command.incident_id:
                if event.label in ("offline", "frozen", "dark"):
                    return  # these do not become right by being seen
                watched.accepted = command.incident_id, watched.condition.accept()
                await watched.memory.keep_views(watched.condition.views)
                log.info("view accepted", camera=event.camera_id, by=command.actor.name or command.actor.id)

    async def _retract(self, incident_id: str) -> None:
        """Judge by the earlier views again: the one that was accepted last is not normal after all."""
        for watched in self._watched.values():
            if watched.accepted is not None and watched.accepted[0] == incident_id:
                watched.condition.retract(watched.accepted[1])
                watched.accepted = None
                await watched.memory.keep_views(watched.condition.views)
                log.info("view is not normal after all", camera=watched.camera.id)

    async def _restore(self, stop: asyncio.Event) -> bool:
        for camera in self._cameras:
            memory = FaultMemory(self._bus, camera.id)
            while True:
                try:
                    views, event = await memory.restore()
                    break
                except (RedisError, OSError):
                    if await _wait(stop, RETRY_S):
                        return False
            condition = Condition(offline_after_s=camera.config.faults.offline_after_s, views=views)
            history = FaultLog(camera.id, camera.name, new_id=new_id, open_event=event)
            label = None if event is None else next((one for one in PERSISTS_S if one == event.label), None)
            self._watched[camera.id] = _Watched(camera, condition, Persistence(open_fault=label), history, memory)
        return True

    async def _look(self, watched: _Watched) -> None:
        camera, now_s = watched.camera, time.monotonic()
        status = camera.status()
        if status.state == "ended":
            self._advance(watched, watched.persistence.forget(), now_s)
            return
        newest = camera.newest
        silent_s = now_s - (watched.since_s if newest is None else newest.header.monotonic_s)
        look = None
        if newest is not None and newest is not watched.looked_at:
            watched.looked_at = newest
            look = await asyncio.to_thread(look_at, newest.jpeg)
        condition = watched.condition.observe(look, silent_s=silent_s, now_s=now_s)
        if condition is None and look is None:
            return  # nothing new to judge by
        if condition in camera.config.faults.ignore:
            condition = None
        self._advance(watched, watched.persistence.note(condition, now_s), now_s)

    def _advance(self, watched: _Watched, change: FaultChange | None, now_s: float) -> None:
        if change is None:
            return
        newest = watched.camera.newest
        stream_s = max(0.0, now_s - watched.since_s) if newest is None else newest.header.stream_s
        frame = None if newest is None else newest.header.ref()
        previous = watched.log.open_event
        event = watched.log.advance(change, frame, stream_s=stream_s, now_s=now_s, now=utc_now())
        if event is None:
            return
        log.warning("camera fault", camera=event.camera_id, fault=event.label, change=event.change)
        if previous is not None:
            self._open.labels(event.camera_id, previous.label).set(0)
        self._open.labels(event.camera_id, event.label).set(0 if event.change == "cleared" else 1)
        picture = newest.jpeg if newest is not None and event.change == "opened" else None
        self._waiting.append((watched, event, picture))

    async def _send(self) -> None:
        while self._waiting:
            watched, event, picture = self._waiting[0]
            try:
                await self._bus.append(names.INCIDENTS, event, None if picture is None else {"frame": picture})
                await watched.memory.keep_fault(None if event.change == "cleared" else event)
                await self._bus.publish(names.INCIDENTS_LIVE, event)
            except (BusUnavailable, RedisError, OSError) as error:
                # A repeated event is dropped by its id.
                log.warning("camera fault waits for Redis", waiting=len(self._waiting), error=str(error))
                return
            self._waiting.popleft()


class _Watched:
    """One camera and what is known of it."""

    def __init__(
        self, camera: Camera, condition: Condition, persistence: Persistence, log: FaultLog, memory: FaultMemory
    ) -> None:
        self.camera = camera
        self.condition = condition
        self.persistence = persistence
        self.log = log
        self.memory = memory
        self.since_s = time.monotonic()
        self.looked_at: object = None
        self.accepted: tuple[str, View] | None = None
        """The incident by which a view was last called normal, and that view."""


async def _wait(stop: asyncio.Event, seconds: float) -> bool:
    try:
        return await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return False
