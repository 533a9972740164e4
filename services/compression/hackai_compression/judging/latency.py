"""How long one picture takes, against the parent in the same run: a busy machine slows both."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
from pydantic import BaseModel, ConfigDict

from hackai_shared.serving.package import ModelPackage
from hackai_shared.serving.session import OnnxRuntimeSession


class Latency(BaseModel):
    """Milliseconds of one inference, batch 1, without decoding."""

    model_config = ConfigDict(frozen=True)

    threads: int
    median_ms: float
    p99_ms: float
    repetitions: int


Contender = tuple[ModelPackage, str]


def measure_latency(contenders: Sequence[Contender], *, threads: int, repetitions: int = 200) -> list[Latency]:
    """One `Latency` per (package, variant), in order. The contenders take turns, call by call."""
    sessions, inputs = [], []
    for package, variant in contenders:
        spec = package.manifest.input
        shape = (1, spec.height, spec.width, 3) if spec.layout == "NHWC" else (1, 3, spec.height, spec.width)
        rng = np.random.default_rng(0)
        inputs.append(rng.integers(0, 256, shape).astype(spec.dtype))
        sessions.append(OnnxRuntimeSession(package, variant, threads=threads))
    times = np.zeros((repetitions, len(sessions)))
    for i in range(-10, repetitions):
        for j, (session, tensor) in enumerate(zip(sessions, inputs, strict=True)):
            began = time.perf_counter()
            session.run(tensor)
            if i >= 0:
                times[i, j] = (time.perf_counter() - began) * 1000
    for session in sessions:
        session.close()
    return [
        Latency(
            threads=threads,
            median_ms=round(float(np.median(times[:, j])), 4),
            p99_ms=round(float(np.quantile(times[:, j], 0.99)), 4),
            repetitions=repetitions,
        )
        for j in range(len(sessions))
    ]
