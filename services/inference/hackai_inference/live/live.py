"""The live loop: newest frames from Redis to the workers, detections and incidents back to Redis.

The event loop only drains: it puts each frame into a mailbox with one slot per camera and wakes the engine. A worker
takes the newest frame of a camera, judges it, and hands the results back to the event loop, which publishes them.
"""

from __future__ import annotations

import asyncio
import time
from typing import Collection, Dict, List, Optional, Set

import structlog

from hackai_inference.decision.incidents import IncidentLog, OpenIncident
from hackai_inference.decision.learned_quiet import LearnedQuiet
from hackai_inference.live.alarm_pictures import pictures_of
from hackai_inference.live.camera_pipeline import CameraPipeline, PipelineResult, Received, SequenceWatch
from hackai_inference.live.engine import Engine
from hackai_inference.live.lease import CameraLeases
from hackai_inference.live.load_shedding import LoadShedding
from hackai_inference.live.model_cascade import ModelCascade
from hackai_inference.live.open_incidents import OpenIncidents
from hackai_inference.live.outbox import Outbox, OutboxEntry
from hackai_inference.live.quiet_keeper import QuietKeeper
from hackai_inference.measures import InferenceMetrics
from hackai_inference.models.judgement import Judgement
from hackai_inference.shadow.observer import Shadow
from hackai_shared.bus import Bus, BusUnavailable, names
from hackai_shared.clock import frame_age_s
from hackai_shared.config import HackAIConfig
from hackai_shared.envelope import EnvelopeError, unpack_frame
from hackai_shared.health import CheckResult
from hackai_shared.judged import NOT_JUDGED_S
from hackai_shared.latest import LatestMailbox
from hackai_shared.messages import FrameDetections, IncidentEvent, StageTimings, new_id, utc_now
from hackai_shared.reserved import incident_kind
from hackai_shared.serving.decoding import ImageError
from hackai_shared.serving.session import SessionError

log = structlog.get_logger(__name__)


class LiveLoop:
    """Judge the newest frame of every camera that publishes on ``frames.*``."""

    def __init__(
        self,
        bus: Bus,
        engine: Engine,
        eyes: ModelCascade,
        config: HackAIConfig,
        outbox: Outbox,
        metrics: InferenceMetrics,
        replica: str,
        relief: Optional[LoadShedding] = None,
        shadow: Optional[Shadow] = None,
    ) -> None:
        self._bus = bus
        self._engine = engine
        self._eyes = eyes
        self._config = config
        self._outbox = outbox
        self._metrics = metrics
        self._relief = relief or LoadShedding(config.inference.detector.scan_every_s)
        self._shadow = shadow
        self._replica = replica
        self._open_incidents = OpenIncidents(bus)
        self.quiet = QuietKeeper(bus, lambda: self._lanes)
        self.leases = CameraLeases(bus, replica, self)
        self._restless: Set[str] = set()
        self._mailbox: "LatestMailbox[str, Received]" = LatestMailbox()
        self._results: Dict[str, FrameDetections] = {}
        self._publishable = asyncio.Event()
        self._lanes: Dict[str, CameraPipeline] = {}
        self._sequences: Dict[str, SequenceWatch] = {}
        self._failing: Set[str] = set()
        self._garbled: Set[str] = set()
        # By camera: when a frame was last judged, and since when frames arrive of which none was.
        self._judged_at: Dict[str, float] = {}
        self._unjudged_since: Dict[str, float] = {}
        self._loop = asyncio.get_running_loop()

    async def run(self, stop: asyncio.Event) -> None:
        """Drain ``frames.*`` until ``stop``."""
        parts = (
            self._drain(),
            self._publish_for_ever(),
            self._open_incidents.keep(),
            self.leases.keep(),
            self.quiet.run(),
        )
        work = [asyncio.ensure_future(part) for part in parts]
        stopped = asyncio.ensure_future(stop.wait())
        try:
            done, _ = await asyncio.wait([stopped, *work], return_when=asyncio.FIRST_COMPLETED)
            for task in work:
                if task in done:
                    task.result()
        finally:
            for future in (stopped, *work):
                future.cancel()
            await asyncio.gather(stopped, *work, return_exceptions=True)

    def serve(self, camera: str) -> None:
        """Judge the newest frame of a camera; called by a worker, never twice at once for one camera."""
        if not self.leases.holds(camera):
            return
        received = self._mailbox.take_key(camera)
        if received is None:
            return
        header, lane = received.header, self._lane(camera)
        try:
            seen = self._eyes.look(
                lane.sight,
                received.jpeg,
                header.stream_s,
                width=header.width,
                height=header.height,
                spares=lambda: self._spares(camera, received.at),
            )
        except ImageError as error:
            self._fail(camera, "picture", error)
            return
        except SessionError as error:
            self._fail(camera, "runtime", error)
            if self._shadow is not None:
                self._shadow.failed()
            return
        if self._shadow is not None:
            self._shadow.judged(camera, received.jpeg, seen.first)
        judgement = seen.judgement
        if judgement is not seen.first:
            self._metrics.opinions.labels(camera).inc()
        result = lane.judge(
            header.ref(),
            judgement,
            utc_now(),
            width=header.width,
            height=header.height,
            jpeg=received.jpeg,
            found=seen.found,
        )
        heat_map = self._relief.heat_map
        entries = [
            OutboxEntry(
                event.model_copy(update={"judged_by": self._replica}),
                None if event.change == "cleared" else result.incident,
                pictures_of(event, received, judgement, result, heat_map=heat_map),
            )
            for event in result.events
        ]
        detections = self._detections(received, judgement, result)
        self._relief.note(camera, quiet=self._is_quiet(judgement, result))
        self._failing.discard(camera)
        self._unjudged_since.pop(camera, None)
        self._judged_at[camera] = time.monotonic()
        self._metrics.note(detections, result.verdict.transitions)
        self._loop.call_soon_threadsafe(self._hand_over, detections, entries, result.incident)

    def _spares(self, camera: str, now: float) -> bool:
        """Return whether only the classifier may look at a frame: the machine is hot, and the camera quiet."""
        if not self._relief.admits_scan(camera, now):
            return True
        self._relief.scanned(camera, now)
        return False

    def _is_quiet(self, judgement: Judgement, result: PipelineResult) -> bool:
        if result.verdict.state != "clear" or result.verdict.evidence > 0 or result.boxes:
            return False
        return judgement.suspicion < self._config.inference.detector.suspicious_from

    def check(self) -> CheckResult:
        """Return whether frames that arrive get judged; that none arrive is the camera's trouble, not ours."""
        now = time.monotonic()
        waited = {camera: now - since for camera, since in list(self._unjudged_since.items())}
        stuck = {camera: age_s for camera, age_s in sorted(waited.items()) if age_s > NOT_JUDGED_S}
        if stuck:
            said = ", ".join(f"{camera} for {age_s:.0f} s" for camera, age_s in stuck.items())
            return CheckResult(False, f"frames arrive, but none was judged: {said}")
        oldest = max(self.judged_s().values(), default=None)
        ago = "" if oldest is None else f", the last one {oldest:.1f} s ago at most"
        return CheckResult(True, f"frames of {len(self._sequences)} cameras are judged as they arrive{ago}")

    def judged_s(self) -> Dict[str, float]:
        """Return the seconds since each camera of this replica was last judged."""
        now = time.monotonic()
        return {camera: round(now - at, 2) for camera, at in list(self._judged_at.items())}

    async def prepare(self, camera: str) -> None:
        """Take up the incident of a camera where this or another replica left it."""
        kept, forsaken = await self._open_incidents.restore(camera, utc_now())
        if kept is not None:
            log.info("incident goes on", incident=kept.incident_id, camera=camera)
        if forsaken is not None:
            history = IncidentLog(camera, forsaken.camera_name, new_id=new_id, incident=forsaken)
            for event in history.abandon(utc_now()):
                self._outbox.put(OutboxEntry(event, None))
        learns = self._config.inference.learns_quiet and incident_kind(camera) == "fire"
        self._lanes[camera] = self._new_lane(camera, kept, await self.quiet.restore(camera) if learns else None)

    def begin(self, camera: str) -> None:
        """Judge its frames from now on, first the one that waits already."""
        self._engine.wake(camera)

    def end(self, camera: str) -> None:
        """Forget a camera that another replica watches now."""
        self._lanes.pop(camera, None)
        self._sequences.pop(camera, None)
        self._results.pop(camera, None)
        self._failing.discard(camera)
        self._restless.discard(camera)
        self._mailbox.take_key(camera)
        self._open_incidents.note(camera, None)
        self._unjudged_since.pop(camera, None)
        self._judged_at.pop(camera, None)

    def settled(self, event: IncidentEvent) -> None:
        """A canary that is over shows itself to the next replica: each of them is proven in turn.

        Called when the incident is in the stream and forgotten here, so that nobody takes up what is over.
        """
        if event.kind == "canary" and event.change == "cleared":
            self.leases.pass_on(event.camera_id)

    def busy(self) -> Collection[str]:
        """Return the cameras with an incident, or with evidence that may become one."""
        return self._restless

    @property
    def waiting(self) -> int:
        """Frames that no worker has begun yet."""
        return len(self._mailbox)

    async def _drain(self) -> None:
        for camera in await self._open_incidents.cameras():
            self.leases.note(camera)
        async for channel, payload in self._bus.subscribe(names.ALL_FRAMES):
            self._receive(channel, payload)

    def _receive(self, channel: str, payload: bytes) -> None:
        try:
            header, jpeg = unpack_frame(payload)
            if channel != names.frames(header.camera_id):
                raise EnvelopeError(f"a frame of camera {header.camera_id}")
        except EnvelopeError as error:
            self._metrics.malformed.inc()
            if channel not in self._garbled:  # once, not ten times a second
                self._garbled.add(channel)
                log.warning("malformed frame envelope", channel=channel, error=str(error)[:300])
            return
        self._garbled.discard(channel)
        camera = header.camera_id
        self.leases.note(camera)
        if self.leases.elsewhere(camera):
            return
        now = time.monotonic()
        lost = self._sequences.setdefault(camera, SequenceWatch()).note(header)
        if lost:
            self._metrics.dropped.labels(camera, "lost").inc(lost)
        if not self._relief.admits_frame(camera, now):
            self._metrics.dropped.labels(camera, "relief").inc()
            return
        if self._mailbox.put(camera, Received(header, jpeg, now)):
            self._metrics.dropped.labels(camera, "replaced").inc()
        if not self.leases.holds(camera):  # it is judged as soon as the lease is there
            return
        self._unjudged_since.setdefault(camera, now)
        self._engine.wake(camera)

    def _lane(self, camera: str) -> CameraPipeline:
        lane = self._lanes.get(camera)
        if lane is None:
            lane = self._lanes[camera] = self._new_lane(camera, None)
        return lane

    def _new_lane(
        self, camera: str, incident: Optional[OpenIncident], quiet: Optional[LearnedQuiet] = None
    ) -> CameraPipeline:
        known = self._config.cameras.get(camera)
        name = known.name if known is not None and known.name else camera
        rules = known.detection if known is not None else None
        self._metrics.begin(camera)
        return CameraPipeline(
            camera, name, self._config.inference, new_id=new_id, rules=rules, incident=incident, quiet=quiet
        )

    def _fail(self, camera: str, reason: str, error: Exception) -> None:
        self._metrics.failed.labels(camera, reason).inc()
        if camera not in self._failing:  # once, not ten times a second
            self._failing.add(camera)
            log.warning("frame cannot be judged", camera=camera, reason=reason, error=str(error))

    def _detections(self, received: Received, judgement: Judgement, result: PipelineResult) -> FrameDetections:
        header = received.header
        return FrameDetections(
            frame=header.ref(),
            model=judgement.model.ref,
            label=judgement.result.label,
            probabilities=judgement.result.probabilities,
            boxes=result.boxes,
            state=result.verdict.state,
            evidence=result.verdict.evidence,
            incident_id=result.incident.incident_id if result.incident else None,
            dropped=self._mailbox.dropped(header.camera_id) + self._sequences[header.camera_id].lost,
            timings=StageTimings(
                decode_ms=judgement.decode_ms,
                infer_ms=judgement.infer_ms,
                total_ms=1000 * (time.monotonic() - received.at),
                age_ms=1000 * frame_age_s(header),
            ),
        )

    def _hand_over(
        self, detections: FrameDetections, entries: List[OutboxEntry], incident: Optional[OpenIncident]
    ) -> None:
        camera = detections.frame.camera_id
        if self.leases.elsewhere(camera):  # told while the frame was judged: its new holder judges the next one
            return
        for entry in entries:
            log.info(
                "incident",
                change=entry.event.change,
                incident=entry.event.incident_id,
                camera=camera,
                label=entry.event.label,
                score=round(entry.event.score, 3),
                stream_s=detections.frame.stream_s,
            )
            self._outbox.put(entry)
        self._open_incidents.note(camera, incident)
        if detections.state == "clear":
            self._restless.discard(camera)
        else:
            self._restless.add(camera)
        self._results[camera] = detections
        self._publishable.set()

    async def _publish_for_ever(self) -> None:
        """Publish the newest detections of every camera; during an outage older ones are replaced, not kept."""
        while True:
            await self._publishable.wait()
            self._publishable.clear()
            results, self._results = self._results, {}
            for camera, detections in results.items():
                try:
                    await self._bus.publish(names.detections(camera), detections)
                except BusUnavailable as error:
                    log.debug("detections were not published", camera=camera, error=str(error))
