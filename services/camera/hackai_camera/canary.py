"""Shows a known fire under a reserved camera id: now and then as the canary, on demand as a drill.

The flames are those of ``pattern: fire``, drawn by our own code. The shipped model gives them a probability of fire of
0.86 to 0.998 (int8, 40 frames), and the calm room behind them 0.002: ``tests/unit/camera/test_canary.py``.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import structlog

from hackai_camera.camera import FramePublisher
from hackai_camera.pictures import EncodedPicture, Picture
from hackai_camera.sources.pattern import Pattern
from hackai_shared.bus import BusUnavailable, StreamEntry
from hackai_shared.clock import boot_id
from hackai_shared.config.cameras import PatternSource
from hackai_shared.config.canary import CanaryConfig
from hackai_shared.messages import Command, FrameHeader, new_id, utc_now
from hackai_shared.reserved import CANARY_CAMERA, DRILL_CAMERA

log = structlog.get_logger(__name__)

FPS = 8.0
# A fire without a doubt is confirmed within two seconds; a busy box gets three times that.
FIRE_S = 6.0
# After this the inference service is up as well, where all are started together.
FIRST_AFTER_S = 15.0
# An order that was waiting in the stream for longer is no order any more: nobody waits for its fire.
ORDERS_EXPIRE = timedelta(seconds=60)
QUALITY = 85


class KnownFire:
    """Plays flames, then the same room without them until the incident is cleared, as frames of a reserved camera."""

    def __init__(self, bus: FramePublisher, *, calm_s: float) -> None:
        self._bus = bus
        self._calm_s = calm_s
        self._epoch = new_id()
        self._started_s = time.monotonic()
        self._sequences: dict[str, int] = {}
        self._playing: set[str] = set()

    async def play(self, camera_id: str, stop: asyncio.Event) -> bool:
        """Show it once; return whether it went out (not: it plays already, or Redis is away)."""
        if camera_id in self._playing:
            return False
        self._playing.add(camera_id)
        try:
            return await self._play(camera_id, stop)
        finally:
            self._playing.discard(camera_id)

    async def _play(self, camera_id: str, stop: asyncio.Event) -> bool:
        began_s = time.monotonic()
        for number, picture in enumerate(_pictures(self._calm_s)):
            encoded = await asyncio.to_thread(picture.encode, 640, QUALITY)
            try:
                await self._bus.publish_frame(self._header(camera_id, encoded), encoded.jpeg)
            except BusUnavailable as error:
                log.warning("known fire was not shown", camera=camera_id, error=str(error))
                return False
            due_s = began_s + (number + 1) / FPS
            if await _wait(stop, due_s - time.monotonic()):
                return False
        return True

    def _header(self, camera_id: str, picture: EncodedPicture) -> FrameHeader:
        sequence = self._sequences.get(camera_id, 0)
        self._sequences[camera_id] = sequence + 1
        now_s = time.monotonic()
        return FrameHeader(
            camera_id=camera_id,
            epoch=self._epoch,
            sequence=sequence,
            captured_at=utc_now(),
            stream_s=now_s - self._started_s,
            monotonic_s=now_s,
            boot_id=boot_id(),
            width=picture.width,
            height=picture.height,
        )


class Canary:
    """Plays the known fire every few minutes, and as often as a drill is ordered."""

    def __init__(self, fire: KnownFire, config: CanaryConfig) -> None:
        self._fire = fire
        self._config = config
        self._shown_at: dict[str, str] = {}
        self._drills: asyncio.Queue[Command] = asyncio.Queue(maxsize=1)

    async def run(self, stop: asyncio.Event) -> None:
        """Play canaries until ``stop``."""
        wait_s = FIRST_AFTER_S
        while self._config.enabled and not await _wait(stop, wait_s):
            began_s = time.monotonic()
            await self._show(CANARY_CAMERA, stop)
            wait_s = max(0.0, self._config.every_s - (time.monotonic() - began_s))
        await stop.wait()

    async def run_drills(self, stop: asyncio.Event) -> None:
        """Play drills until ``stop``."""
        while not stop.is_set():
            ordered = asyncio.ensure_future(self._drills.get())
            stopped = asyncio.ensure_future(stop.wait())
            await asyncio.wait({ordered, stopped}, return_when=asyncio.FIRST_COMPLETED)
            stopped.cancel()
            if not ordered.done():
                ordered.cancel()
                return
            log.info("drill", by=ordered.result().actor.name or ordered.result().actor.id)
            await self._show(DRILL_CAMERA, stop)

    async def consume(self, entry: StreamEntry[Command]) -> None:
        """Take the order for a drill; one more while one waits is the same drill."""
        command = entry.message
        if command.action != "drill" or utc_now() - command.at > ORDERS_EXPIRE:
            return
        if not self._drills.full():
            self._drills.put_nowait(command)

    def details(self) -> dict[str, Any]:
        """Return what the heartbeat says: when each reserved camera last began a showing that went out whole."""
        return {"known_fires": dict(self._shown_at)}

    async def _show(self, camera_id: str, stop: asyncio.Event) -> None:
        at = utc_now()
        if await self._fire.play(camera_id, stop):
            self._shown_at[camera_id] = at.isoformat()


def _pictures(calm_s: float) -> Iterator[Picture]:
    for pattern, seconds in (("fire", FIRE_S), ("room", calm_s)):
        source = Pattern(PatternSource.model_validate({"pattern": pattern, "fps": FPS, "seconds": seconds}))
        yield from (frame.picture for frame in source.frames())


async def _wait(stop: asyncio.Event, seconds: float) -> bool:
    try:
        return await asyncio.wait_for(stop.wait(), max(0.0, seconds))
    except TimeoutError:
        return False
