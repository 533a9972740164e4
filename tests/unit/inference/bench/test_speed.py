from __future__ import annotations

from typing import Any, Dict, List

import numpy as np

from hackai_inference.bench.speed import MIN_RUNS, WARM_UP, example, measure, summarise
from hackai_shared.serving.manifest import InputSpec


class Counting:
    runtime = "counting"
    device = "none"

    def __init__(self) -> None:
        self.shapes: List[Any] = []

    def run(self, tensor: "np.ndarray[Any, Any]") -> Dict[str, "np.ndarray[Any, Any]"]:
        self.shapes.append(tensor.shape)
        return {}

    def close(self) -> None:
        pass


def test_percentiles_and_mean() -> None:
    speed = summarise([float(value) for value in range(1, 101)], 42.0)

    assert (speed.runs, speed.mean_ms, speed.p50_ms, speed.pictures_per_s) == (100, 50.5, 50.5, 42.0)
    assert speed.p50_ms < speed.p90_ms < speed.p99_ms < 100


def test_even_no_time_gives_enough_runs_from_every_caller() -> None:
    session = Counting()
    spec = InputSpec(layout="NHWC", dtype="uint8", height=8, width=6)

    speed = measure(session, example(spec, 2), seconds=0.0, workers=3)

    assert speed.runs == MIN_RUNS
    assert len(session.shapes) == WARM_UP + MIN_RUNS + 3 * MIN_RUNS
    assert set(session.shapes) == {(2, 8, 6, 3)}


def test_the_example_fits_the_input() -> None:
    tensor = example(InputSpec(layout="NCHW", dtype="float32", height=8, width=6))
    assert (tensor.shape, tensor.dtype) == ((1, 3, 8, 6), np.float32)
