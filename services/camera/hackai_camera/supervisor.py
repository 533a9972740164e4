"""Keeps a source open: watches its reader from outside, leaves it behind when it hangs, opens it anew with back-off."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Literal

import structlog

from hackai_camera.backoff import Backoff
from hackai_camera.reader import Reader
from hackai_camera.sources.base import SourceError
from hackai_shared.config.cameras import CameraConfig, GstreamerSource, PyavSource, SnapshotSource
from hackai_shared.redaction import redact

log = structlog.get_logger(__name__)

# The watchdog looks this often, and gives a reader that was told to stop this long before it leaves it behind.
CHECK_S = 0.5
LEAVE_S = 1.0
# Threads that hang in a driver cannot be killed. With so many, no more are started until one comes back.
MAX_LEFT_BEHIND = 4


class Stalled(Exception):
    """The watchdog's verdict: nothing came for too long."""


class Supervisor:
    """Runs one reader after the other until the source has ended, or for ever with ``reopen_ended``."""

    def __init__(
        self,
        camera_id: str,
        config: CameraConfig,
        start_reader: Callable[[], Reader],
        *,
        on_lost: Callable[[Literal["stalled", "offline"], str], None],
        on_reopen: Callable[[], None],
        reopen_ended: bool = False,
    ) -> None:
        self._camera_id = camera_id
        self._config = config
        self._start_reader = start_reader
        self._on_lost = on_lost
        self._on_reopen = on_reopen
        self._reopen_ended = reopen_ended
        self._left_behind: list[Reader] = []

    async def run(self, stop: asyncio.Event) -> None:
        """Return when the source has ended, or within ``LEAVE_S`` of ``stop``.

        Raises:
            Exception: the code of the reader failed, rather than its source.
        """
        backoff = Backoff()
        while not stop.is_set():
            ran_s = 0.0
            try:
                self._check_left_behind()
                reader = self._start_reader()
                try:
                    await self._watch(reader, stop)
                finally:
                    reader.stop()
                    ran_s = 0.0 if reader.first_frame_s is None else time.monotonic() - reader.first_frame_s
                if stop.is_set() or not self._reopen_ended:
                    return
                raise SourceError("the answer ended")
            except Stalled as error:
                lost: Literal["stalled", "offline"] = "stalled"
                reason = str(error)
            except SourceError as error:
                lost, reason = "offline", redact(str(error))
            self._on_lost(lost, reason)
            wait_s = backoff.failed(ran_s)
            log.warning("source lost", camera=self._camera_id, state=lost, error=reason, again_in_s=round(wait_s, 1))
            if await _stopped_within(stop, wait_s):
                return
            self._on_reopen()

    def _check_left_behind(self) -> None:
        self._left_behind = [reader for reader in self._left_behind if not reader.outcome.done()]
        if len(self._left_behind) >= MAX_LEFT_BEHIND:
            raise Stalled(f"{len(self._left_behind)} attempts hang in the system, none is begun until one returns")

    async def _watch(self, reader: Reader, stop: asyncio.Event) -> None:
        """Return when the source has ended or on ``stop``.

        Raises:
            Stalled: it gave no sign of life for too long; its thread may hang and is left behind.
            SourceError: the source failed.
            Exception: the reader's code failed.
        """
        ended = asyncio.wrap_future(reader.outcome)
        stopped = asyncio.ensure_future(stop.wait())
        try:
            while not stop.is_set():
                await asyncio.wait((ended, stopped), timeout=CHECK_S, return_when=asyncio.FIRST_COMPLETED)
                if ended.done():
                    return ended.result()
                silent_s, limit_s = reader.silent_s(time.monotonic()), self._patience_s(reader)
                if silent_s > limit_s:
                    reader.stop()
                    await asyncio.wait((ended,), timeout=LEAVE_S)
                    raise Stalled(f"nothing came for {silent_s:.1f} s")
            reader.stop()
            await asyncio.wait((ended,), timeout=LEAVE_S)
            return None
        finally:
            stopped.cancel()
            if not ended.done():
                self._left_behind.append(reader)
                ended.cancel()  # the thread may end after the event loop: it must not report to it
            elif not ended.cancelled():
                ended.exception()  # looked at, so that nobody complains

    def _patience_s(self, reader: Reader) -> float:
        if reader.pace is not None:
            return self._config.stale_after_s
        source = self._config.source
        opening_s = 0.0
        if isinstance(source, PyavSource):
            # FFmpeg applies it to connecting and to probing, one after the other; then the pictures are looked for.
            opening_s = 3 * source.open_timeout_s
        elif isinstance(source, SnapshotSource):
            opening_s = source.timeout_s
        elif isinstance(source, GstreamerSource):
            opening_s = source.open_timeout_s
        return opening_s + self._config.stale_after_s


async def _stopped_within(stop: asyncio.Event, seconds: float) -> bool:
    try:
        return await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return False
