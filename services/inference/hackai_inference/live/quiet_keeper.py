"""What cameras learned, in Redis: kept for the next start or replica, taught by people, forgotten when one is moved."""

from __future__ import annotations

import asyncio
import time
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Callable, Dict, List, Mapping, Optional, Tuple

import structlog
from pydantic import ValidationError
from redis.exceptions import RedisError

from hackai_inference.decision.learned_quiet import LearnedQuiet
from hackai_inference.decision.quiet_archive import DamagedArchive, pack, unpack
from hackai_inference.live.camera_pipeline import CameraPipeline
from hackai_shared.bus import Bus, names
from hackai_shared.bus.streams import MESSAGE
from hackai_shared.messages import Command, IncidentEvent, utc_now

log = structlog.get_logger(__name__)

KEEP_EVERY_S = 60.0
KEEP_LAST_S = 0.3
LOOK_EVERY_S = 1.0
MOVED = "moved"
# A false alarm that was marked while no replica held the camera is learned when one takes it up.
TAUGHT_WITHIN = timedelta(days=1)
# Orders read at once.
BATCH = 500


class QuietKeeper:
    """Keeps what the cameras of this replica learned; used from the event loop only."""

    def __init__(self, bus: Bus, lanes: Callable[[], Mapping[str, CameraPipeline]]) -> None:
        """``lanes`` returns the cameras that this replica watches."""
        self._bus = bus
        self._lanes = lanes
        self._read_to = _entry_id(utc_now())
        self._kept_s = time.monotonic()

    async def restore(self, camera: str) -> LearnedQuiet:
        """Return what a camera learned; bytes that cannot be believed are set aside, and it learns anew.

        Raises:
            RedisError, OSError: Redis did not answer.
        """
        key = names.learned_quiet_key(camera)
        data = await self._bus.client.get(key)
        quiet = LearnedQuiet()
        if data is not None:
            try:
                quiet = unpack(data)
            except DamagedArchive as error:
                aside = names.learned_quiet_aside_key(camera)
                log.error(
                    "what a camera learned is damaged, learning anew", camera=camera, aside=aside, error=str(error)
                )
                await self._bus.client.rename(key, aside)
        commands, _ = await self._false_alarms(_entry_id(utc_now() - TAUGHT_WITHIN))
        for command in commands:
            _teach(quiet, camera=camera, command=command)
        return quiet

    async def run(self) -> None:
        """Teach, forget and keep, for ever."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            try:
                await self.look()
            except (RedisError, OSError) as error:
                log.debug("what cameras learned waits for Redis", error=str(error))

    async def look(self) -> None:
        """Teach what people called false, forget what a moved camera knew, keep what is due.

        Raises:
            RedisError, OSError: Redis did not answer.
        """
        lanes = dict(self._lanes())
        commands, self._read_to = await self._false_alarms(self._read_to)
        for command in commands:
            for camera, lane in lanes.items():
                if lane.learned(partial(_teach, camera=camera, command=command)):
                    await self._keep(camera, lane)
        for camera, lane in lanes.items():
            await self._forget_if_moved(camera, lane)
        if time.monotonic() - self._kept_s >= KEEP_EVERY_S:
            await self.keep()

    async def keep(self) -> None:
        """Keep what every camera learned.

        Raises:
            RedisError, OSError: Redis did not answer.
        """
        self._kept_s = time.monotonic()
        for camera, lane in dict(self._lanes()).items():
            await self._keep(camera, lane)

    async def keep_last(self) -> None:
        """Keep what every camera learned, at the end; an outage costs the last minute."""
        try:
            await asyncio.wait_for(self.keep(), KEEP_LAST_S)
        except (RedisError, OSError, asyncio.TimeoutError) as error:
            log.warning("what cameras learned in the last minute is lost", error=str(error))

    def details(self) -> Dict[str, Any]:
        """Return what each camera knows, as it is told in the heartbeat."""
        told: Dict[str, Any] = {}
        for camera, lane in dict(self._lanes()).items():
            known = lane.learned(lambda quiet: quiet.known(datetime.now().astimezone()))
            if known is not None:
                told[camera] = {
                    "days": round(known.days, 2),
                    "false_alarms": known.false_alarms,
                    "counts_from": round(lane.counts_from(known.highest), 3),
                    "share": round(known.share, 3),
                }
        return told

    async def _keep(self, camera: str, lane: CameraPipeline) -> None:
        data = lane.learned(pack)
        if data is not None:
            await self._bus.client.set(names.learned_quiet_key(camera), data)

    async def _forget_if_moved(self, camera: str, lane: CameraPipeline) -> None:
        known = lane.learned(lambda quiet: quiet.moved_by)
        if known is None:
            return
        data = await self._bus.client.get(names.camera_fault_key(camera))
        fault = None if data is None else _fault(data)
        if fault is not None and fault.label == MOVED and fault.incident_id != known:
            moved_by = fault.incident_id
            log.warning("camera was moved: what it learned is forgotten", camera=camera, incident=moved_by)
            lane.learned(lambda quiet: quiet.forget(moved_by))
            await self._keep(camera, lane)

    async def _false_alarms(self, after: str) -> Tuple[List[Command], str]:
        """Return the false alarms of the orders behind an entry, and the last entry that was read."""
        found = []
        while True:
            entries = await self._bus.client.xrange(names.COMMANDS, min="(" + after, count=BATCH)
            for entry_id, fields in entries:
                after = entry_id.decode()
                try:
                    command = Command.model_validate_json(fields.get(MESSAGE, b""))
                except ValidationError:
                    continue  # those who act on orders bury it
                if command.action == "false_alarm" and command.incident_id is not None:
                    found.append(command)
            if len(entries) < BATCH:
                return found, after


def _teach(quiet: LearnedQuiet, *, camera: str, command: Command) -> bool:
    news = quiet.teach(command.incident_id or "", command.at)
    if news:
        by = command.actor.name or command.actor.id
        log.info("learned from a false alarm", camera=camera, incident=command.incident_id, by=by)
    return news


def _fault(data: bytes) -> Optional[IncidentEvent]:
    try:
        return IncidentEvent.model_validate_json(data)
    except ValidationError:
        return None


def _entry_id(at: datetime) -> str:
    return f"{int(at.timestamp() * 1000)}-0"
