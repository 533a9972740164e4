"""Listens to the bus of a demo and feeds :class:`Progress`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog
from pydantic import ValidationError

from hackai_shared.bus import Bus, StreamEntry, names
from hackai_shared.messages import DeliveryReport, FrameDetections, IncidentEvent, ServiceStatus
from hackai_standalone.demo.events import DemoEvent, delivery_event, incident_event
from hackai_standalone.demo.progress import Progress

log = structlog.get_logger(__name__)
GROUP = "demo"


class Follower:
    """Turns what happens on the bus into events and progress."""

    def __init__(self, bus: Bus, progress: Progress, tell: Callable[[DemoEvent], None]) -> None:
        self._bus = bus
        self._progress = progress
        self._tell = tell
        self.changed = asyncio.Event()

    async def run(self, stop: asyncio.Event) -> None:
        """Follow until ``stop`` is set."""
        incidents = self._bus.consumer(names.INCIDENTS, IncidentEvent, group=GROUP, consumer=GROUP, block_s=0.5)
        deliveries = self._bus.consumer(names.DELIVERIES, DeliveryReport, group=GROUP, consumer=GROUP, block_s=0.5)
        live = asyncio.create_task(self._live())
        await asyncio.gather(incidents.run(self._on_incident, stop), deliveries.run(self._on_delivery, stop))
        live.cancel()
        await asyncio.gather(live, return_exceptions=True)

    async def _live(self) -> None:
        async for channel, payload in self._bus.subscribe(names.ALL_DETECTIONS, names.ALL_STATUS):
            try:
                if channel.startswith("detections."):
                    self._progress.on_judged(FrameDetections.model_validate_json(payload).frame)
                else:
                    for camera in ServiceStatus.model_validate_json(payload).cameras:
                        self._progress.on_status(camera)
            except ValidationError as error:
                log.warning("message does not validate", channel=channel, error=str(error))
            self.changed.set()

    async def _on_incident(self, entry: StreamEntry[IncidentEvent]) -> None:
        self._progress.on_incident(entry.message)
        self._tell(incident_event(entry.message))
        self.changed.set()

    async def _on_delivery(self, entry: StreamEntry[DeliveryReport]) -> None:
        self._progress.on_delivery(entry.message)
        self._tell(delivery_event(entry.message))
        self.changed.set()
