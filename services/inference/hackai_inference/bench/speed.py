"""Latency and throughput of a session."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, List

import numpy as np

from hackai_shared.serving.manifest import InputSpec
from hackai_shared.serving.session import InferenceSession

WARM_UP = 5
MIN_RUNS = 10


@dataclass(frozen=True)
class Speed:
    """One picture at a time: milliseconds. As many callers as the service has workers: pictures per second."""

    runs: int
    mean_ms: float
    p50_ms: float
    p90_ms: float
    p99_ms: float
    pictures_per_s: float


def example(spec: InputSpec, batch: int = 1) -> "np.ndarray[Any, Any]":
    """Return noise of the shape and type that a model takes; what is in a picture does not change its speed."""
    shape = (spec.height, spec.width, 3) if spec.layout == "NHWC" else (3, spec.height, spec.width)
    noise = np.random.default_rng(0).integers(0, 256, (batch, *shape))
    return noise.astype(np.uint8 if spec.dtype == "uint8" else np.float32)


def measure(session: InferenceSession, tensor: "np.ndarray[Any, Any]", *, seconds: float, workers: int) -> Speed:
    """Measure for ``seconds`` each, after some runs that do not count.

    Raises:
        SessionError: the runtime failed.
    """
    for _ in range(WARM_UP):
        session.run(tensor)
    durations = _durations(session, tensor, seconds)
    return summarise(durations, _throughput(session, tensor, seconds, workers))


def summarise(durations_ms: List[float], pictures_per_s: float) -> Speed:
    """Return the figures of measured durations."""
    p50, p90, p99 = (float(value) for value in np.percentile(durations_ms, [50, 90, 99]))
    return Speed(len(durations_ms), float(np.mean(durations_ms)), p50, p90, p99, pictures_per_s)


def _durations(session: InferenceSession, tensor: "np.ndarray[Any, Any]", seconds: float) -> List[float]:
    durations: List[float] = []
    end = time.perf_counter() + seconds
    while len(durations) < MIN_RUNS or time.perf_counter() < end:
        began = time.perf_counter()
        session.run(tensor)
        durations.append(1000 * (time.perf_counter() - began))
    return durations


def _throughput(session: InferenceSession, tensor: "np.ndarray[Any, Any]", seconds: float, workers: int) -> float:
    began = time.perf_counter()

    def work(_: int) -> int:
        done = 0
        while done < MIN_RUNS or time.perf_counter() - began < seconds:
            session.run(tensor)
            done += 1
        return done

    with ThreadPoolExecutor(workers) as pool:
        total = sum(pool.map(work, range(workers)))
    return total * len(tensor) / (time.perf_counter() - began)
