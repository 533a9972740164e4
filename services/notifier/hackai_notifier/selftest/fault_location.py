"""Which leg of the chain from camera to outbox is broken, by what was seen of a test fire. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hackai_shared.figures import percent

Leg = Literal["redis", "camera", "inference", "incidents", "outbox"]
# What a test fire that is recognised has at least; the shipped model gives it 0.86 and more.
RECOGNISED = 0.5


@dataclass(frozen=True)
class Trace:
    """What was seen of test fires; ages in seconds, None: never."""

    redis: bool = True
    camera_alive: bool = True
    inference_alive: bool = True
    shown_s: float | None = None
    """Since the camera service last showed one whole, as it says itself."""
    judged_s: float | None = None
    """Since inference last judged a frame of one."""
    best_score: float = 0.0
    """The highest probability of fire among those frames."""
    received_s: float | None = None
    """Since the last one came as an incident."""


@dataclass(frozen=True)
class Finding:
    """The first leg that is broken, in words for people."""

    leg: Leg
    reason: str


def find_broken(trace: Trace, since_s: float) -> Finding:
    """Return which leg lost what should have come within the last ``since_s`` seconds."""

    def lately(age_s: float | None) -> bool:
        return age_s is not None and age_s <= since_s

    if not trace.redis:
        return Finding("redis", "Redis is unavailable")
    if lately(trace.received_s):
        return Finding("outbox", "the incident came, but the outbox did not deliver it")
    if not trace.camera_alive:
        return Finding("camera", "the camera service does not respond")
    if not trace.inference_alive:
        return Finding("inference", "the inference service does not respond")
    if lately(trace.judged_s):
        if trace.best_score < RECOGNISED:
            return Finding("inference", f"the model does not recognize a fire (at most {percent(trace.best_score)})")
        return Finding("incidents", "a fire was recognized, but no incident arrived")
    if lately(trace.shown_s):
        return Finding("inference", "frames arrive, but none is judged")
    return Finding("camera", "the camera service shows no test fire")
