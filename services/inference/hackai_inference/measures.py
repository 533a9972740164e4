"""The metrics of the inference service."""

from __future__ import annotations

from typing import Callable, Sequence

from hackai_inference.decision.confirmation import Transition
from hackai_shared.messages import FrameDetections
from hackai_shared.metrics import Metrics

# Why a frame is passed over: it never arrived, the machine is hot, a newer one came.
DROPPED = ("lost", "relief", "replaced")


class InferenceMetrics:
    """Every figure that the live loop and the HTTP edge count."""

    def __init__(self, metrics: Metrics) -> None:
        self.frames = metrics.counter("frames_total", "Frames judged", ["camera"])
        self.dropped = metrics.counter(
            "frames_dropped_total",
            "Frames passed over: replaced by a newer one, or lost on the way",
            ["camera", "reason"],
        )
        self.malformed = metrics.counter("envelopes_malformed_total", "Envelopes of frames that do not validate")
        self.failed = metrics.counter("frames_failed_total", "Frames that could not be judged", ["camera", "reason"])
        self.opinions = metrics.counter(
            "second_opinions_total", "Frames that the larger classifier judged again", ["camera"]
        )
        self.age = metrics.seconds("frame_age_seconds", "Age of a frame when its result was published", ["camera"])
        self.decode = metrics.seconds("decode_seconds", "Decoding and fitting of one picture", ["path"])
        self.infer = metrics.seconds("infer_seconds", "Inference of one picture", ["path"])
        self.total = metrics.seconds("frame_seconds", "From receipt of a frame to its published result")
        self.incidents = metrics.counter("incident_events_total", "Incident events appended to the stream", ["change"])
        self.confirmation = metrics.seconds(
            "confirmation_seconds", "Stream time from the begin of a suspicion to its confirmation"
        )
        self.overloaded = metrics.counter("requests_overloaded_total", "Requests refused because too many were waiting")
        self._queue = metrics.gauge("queue_requests", "Requests that no worker has begun yet")
        self._waiting = metrics.gauge("mailbox_frames", "Frames that no worker has begun yet")
        self._outbox = metrics.gauge("outbox_events", "Incident events that Redis has not taken yet")
        self._relief = metrics.gauge("relief_level", "Given up: 0 nothing, 1 heat-maps, 2 scans, 3 quiet frames too")
        self._watched = metrics.gauge("cameras_watched", "Cameras whose lease this replica holds")
        self._lost = metrics.gauge("outbox_lost_events", "Incident events lost because the outbox was full")

    def begin(self, camera: str) -> None:
        """Show the dropped frames of a camera as 0 before there are any: what is left out cannot be watched."""
        for reason in DROPPED:
            self.dropped.labels(camera, reason)

    def note(self, detections: FrameDetections, transitions: Sequence[Transition]) -> None:
        """Count a judged frame, how long each stage took, and how long a fire that was confirmed had to wait."""
        camera, timings = detections.frame.camera_id, detections.timings
        self.frames.labels(camera).inc()
        self.age.labels(camera).observe(timings.age_ms / 1000)
        self.decode.labels("live").observe(timings.decode_ms / 1000)
        self.infer.labels("live").observe(timings.infer_ms / 1000)
        self.total.observe(timings.total_ms / 1000)
        for transition in transitions:
            if transition.change == "opened":
                self.confirmation.observe(transition.at_s - transition.opened_s)

    def watch(
        self,
        *,
        queue: Callable[[], int],
        waiting: Callable[[], int],
        outbox: Callable[[], int],
        lost: Callable[[], int],
        watched: Callable[[], int],
        relief: Callable[[], int],
    ) -> None:
        """Read the gauges from their owners when they are scraped."""
        self._queue.set_function(queue)
        self._waiting.set_function(waiting)
        self._outbox.set_function(outbox)
        self._lost.set_function(lost)
        self._watched.set_function(watched)
        self._relief.set_function(relief)
