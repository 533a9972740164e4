"""Raises an incident where a camera is not judged, whatever the cause: its judge may be the one that hangs."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta

import structlog

from hackai_notifier.incident import incidents
from hackai_notifier.incident.incidents import Incident
from hackai_notifier.selftest.judgements import Cause, Judgements, cause_of, left_to_faults
from hackai_notifier.stopping import pause
from hackai_notifier.storage.database import Database
from hackai_shared.bus import Bus, BusUnavailable, names
from hackai_shared.config.cameras import CameraConfig
from hackai_shared.health import CheckResult
from hackai_shared.messages import FrameRef, IncidentEvent, ServiceStatus, new_id, utc_now

log = structlog.get_logger(__name__)

LOOK_EVERY_S = 1.0
# A Redis that takes longer does not answer.
ANSWER_S = 1.5

TakeIn = Callable[[IncidentEvent], Awaitable[None]]


class JudgementWatch:
    """Hears the detections of all configured cameras; the incidents are its own, no stream brings them."""

    def __init__(
        self,
        bus: Bus,
        database: Database,
        cameras: Mapping[str, CameraConfig],
        take_in: TakeIn,
        *,
        judgements: Judgements | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._bus = bus
        self._database = database
        self._cameras = {camera_id: camera for camera_id, camera in cameras.items() if camera.enabled}
        self._take_in = take_in
        self._clock = clock
        self._judgements = judgements or Judgements(frozenset(self._cameras), clock())
        self._open: dict[str, IncidentEvent] = {}

    async def run(self, stop: asyncio.Event) -> None:
        """Listen and look until ``stop`` is set."""
        listening = asyncio.ensure_future(self._listen())
        try:
            await self._restore(stop)
            while not stop.is_set():
                await self._look()
                await pause(stop, LOOK_EVERY_S)
                if listening.done():
                    listening.result()
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)

    def check(self) -> CheckResult:
        """Return whether every camera is judged."""
        now = self._clock()
        ages = {camera_id: self._judgements.age_s(camera_id, now) for camera_id in self._open}
        if ages:
            said = ", ".join(f"{one} for {age:.0f} s" if age is not None else one for one, age in sorted(ages.items()))
            return CheckResult(False, f"not judged: {said}")
        known = [self._judgements.age_s(camera_id, now) for camera_id in self._cameras]
        oldest = max((age for age in known if age is not None), default=None)
        return CheckResult(True, "none judged yet" if oldest is None else f"every camera, {oldest:.1f} s ago at most")

    async def _listen(self) -> None:
        async for channel, _payload in self._bus.subscribe(names.ALL_DETECTIONS):
            self._judgements.judged(channel.partition(".")[2], self._clock())

    async def _restore(self, stop: asyncio.Event) -> None:
        """Continue the incidents of before the restart."""
        while not stop.is_set():
            try:
                known = await self._database.run(incidents.open_ones)
            except sqlite3.Error as error:
                log.error("cannot read which cameras were not judged, trying again", error=str(error))
                await pause(stop, LOOK_EVERY_S)
            else:
                mine = [one for one in known if one.event.kind == "not_judged"]
                self._open = {one.event.camera_id: one.event for one in mine if one.event.camera_id in self._cameras}
                return

    async def _look(self) -> None:
        now = self._clock()
        self._judgements.look(now)
        for camera_id in list(self._open):
            if self._judgements.steady(camera_id, now):
                await self._tell(self._ended(self._open[camera_id]))
        overdue = self._judgements.overdue(now)
        if not overdue:
            return
        statuses = await self._statuses()
        for camera_id, age_s in overdue.items():
            await self._unjudged(camera_id, age_s, cause_of(camera_id, age_s, statuses, time.time()))

    async def _unjudged(self, camera_id: str, age_s: float, cause: Cause | None) -> None:
        known = self._open.get(camera_id)
        if known is not None:
            if cause is not None and known.label != cause:
                await self._tell(_next(known, change="updated", label=cause))
            return
        if cause is None or (cause == "no_frames" and await self._is_left_to_faults(camera_id, age_s)):
            return
        log.error("camera is not judged", camera=camera_id, cause=cause, age_s=round(age_s, 1))
        await self._tell(self._opened(camera_id, age_s, cause))

    async def _is_left_to_faults(self, camera_id: str, age_s: float) -> bool:
        if left_to_faults(self._cameras[camera_id], age_s):
            return True
        try:
            known: list[Incident] = await self._database.run(incidents.open_ones)
        except sqlite3.Error:
            return False
        return any(one.event.camera_id == camera_id and one.event.kind == "camera_fault" for one in known)

    def _opened(self, camera_id: str, age_s: float, cause: Cause) -> IncidentEvent:
        now = utc_now()
        return IncidentEvent(
            incident_id=new_id(),
            revision=0,
            kind="not_judged",
            change="opened",
            camera_id=camera_id,
            camera_name=self._cameras[camera_id].name or camera_id,
            label=cause,
            score=1.0,
            peak_score=1.0,
            opened_at=now - timedelta(seconds=age_s),
            confirmed_at=now,
            opened_s=0.0,
            confirmed_s=0.0,
            frames_positive=0,
            frames_seen=0,
            frame=FrameRef(camera_id=camera_id, epoch="", sequence=0, captured_at=now, stream_s=0.0),
            created_at=now,
        )

    def _ended(self, known: IncidentEvent) -> IncidentEvent:
        log.warning("camera is judged again", camera=known.camera_id)
        return _next(known, change="cleared", label=known.label)

    async def _tell(self, event: IncidentEvent) -> None:
        """Take an event in; where it cannot be stored its text was sent all the same, and the next look tries again."""
        try:
            await self._take_in(event)
        except sqlite3.Error as error:
            log.error("cannot store that a camera is not judged", camera=event.camera_id, error=str(error))
            return
        if event.change == "cleared":
            self._open.pop(event.camera_id, None)
        else:
            self._open[event.camera_id] = event

    async def _statuses(self) -> list[ServiceStatus] | None:
        try:
            async with asyncio.timeout(ANSWER_S):
                return await self._bus.statuses()
        except (BusUnavailable, TimeoutError):
            return None


def _next(known: IncidentEvent, *, change: str, label: str) -> IncidentEvent:
    update = {"event_id": new_id(), "revision": known.revision + 1, "change": change, "label": label}
    return known.model_copy(update={**update, "created_at": utc_now()})
