"""Watches test fires on their way: heartbeats and detections of the reserved cameras."""

from __future__ import annotations

import asyncio
import time
from datetime import datetime

import structlog
from pydantic import ValidationError

from hackai_notifier.selftest.fault_location import Trace
from hackai_shared.bus import Bus, BusUnavailable, names
from hackai_shared.messages import FrameDetections, ServiceStatus, utc_now
from hackai_shared.reserved import CANARY_CAMERA, DRILL_CAMERA

log = structlog.get_logger(__name__)

# Detections that are further apart belong to another showing.
ONE_SHOWING_S = 5.0
# A Redis that takes longer does not answer.
ANSWER_S = 1.5


class Tracer:
    """Remembers when frames of a reserved camera were judged, and asks the heartbeats for the rest."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._judged: dict[str, float] = {}
        self._best: dict[str, float] = {}

    async def run(self, stop: asyncio.Event) -> None:
        """Listen until ``stop`` is set."""
        listening = asyncio.ensure_future(self._listen())
        stopped = asyncio.ensure_future(stop.wait())
        try:
            await asyncio.wait({listening, stopped}, return_when=asyncio.FIRST_COMPLETED)
            if listening.done():
                listening.result()
        finally:
            for task in (listening, stopped):
                task.cancel()
            await asyncio.gather(listening, stopped, return_exceptions=True)

    async def trace(self, camera_id: str, received_s: float | None) -> Trace:
        """Return what is known of the last showing of a reserved camera."""
        judged = self._judged.get(camera_id)
        judged_s = None if judged is None else time.monotonic() - judged
        statuses = await self._statuses()
        if statuses is None:
            return Trace(redis=False, judged_s=judged_s, received_s=received_s)
        services = {status.service for status in statuses}
        return Trace(
            camera_alive="camera" in services,
            inference_alive="inference" in services,
            shown_s=_shown_s(statuses, camera_id),
            judged_s=judged_s,
            best_score=self._best.get(camera_id, 0.0),
            received_s=received_s,
        )

    async def replicas(self) -> set[str] | None:
        """Return the instances of the inference service that give a sign of life; None: Redis does not answer."""
        statuses = await self._statuses()
        return None if statuses is None else {one.instance for one in statuses if one.service == "inference"}

    async def _statuses(self) -> list[ServiceStatus] | None:
        try:
            async with asyncio.timeout(ANSWER_S):
                return await self._bus.statuses()
        except (BusUnavailable, TimeoutError):
            return None

    async def _listen(self) -> None:
        channels = [names.detections(camera_id) for camera_id in (CANARY_CAMERA, DRILL_CAMERA)]
        async for channel, payload in self._bus.subscribe(*channels):
            try:
                seen = FrameDetections.model_validate_json(payload)
            except ValidationError as error:
                log.warning("detections do not validate", channel=channel, error=str(error)[:300])
                continue
            camera_id, now = seen.frame.camera_id, time.monotonic()
            if now - self._judged.get(camera_id, float("-inf")) > ONE_SHOWING_S:
                self._best[camera_id] = 0.0
            self._judged[camera_id] = now
            self._best[camera_id] = max(self._best[camera_id], seen.probabilities.get("fire", 0.0))


def _shown_s(statuses: list[ServiceStatus], camera_id: str) -> float | None:
    for status in statuses:
        shown = status.details.get("known_fires") if status.service == "camera" else None
        shown_at = shown.get(camera_id) if isinstance(shown, dict) else None
        if isinstance(shown_at, str):
            try:
                return max(0.0, (utc_now() - datetime.fromisoformat(shown_at)).total_seconds())
            except (ValueError, TypeError):
                return None
    return None
