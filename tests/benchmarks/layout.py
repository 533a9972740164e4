"""What the input's layout costs: NHWC with the transposition inside the graph, or NCHW made by NumPy outside.

    python tests/benchmarks/layout.py [models/fire-classifier/1] [--rounds 300]

Both run the same convolutions on the same picture, turn about in one process, so the ratio holds on a busy machine.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from onnx.utils import extract_model

from hackai_shared.serving.package import open_package

ROOT = Path(__file__).resolve().parents[2]


def without_input_change(path: Path, folder: Path) -> Path:
    """The same graph from behind its `Transpose` on: its input is uint8 (N, 3, H, W)."""
    graph = onnx.load(path).graph
    first = graph.node[0]
    if first.op_type != "Transpose":
        raise SystemExit(f"{path} does not begin with a Transpose but with {first.op_type}")
    out = folder / path.name
    extract_model(path, out, list(first.output), [o.name for o in graph.output])
    return out


def main() -> float:
    """Median time of the NCHW way / that of the NHWC way."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("package", nargs="?", type=Path, default=ROOT / "models/fire-classifier/1")
    parser.add_argument("--variant", default="int8")
    parser.add_argument("--rounds", type=int, default=300)
    options = parser.parse_args()
    package = open_package(options.package)
    spec = package.manifest.input
    _, path = package.variant(options.variant)
    picture = np.random.default_rng(0).integers(0, 256, (1, spec.height, spec.width, 3), dtype=np.uint8)
    threads = onnxruntime.SessionOptions()
    threads.intra_op_num_threads = 1
    with tempfile.TemporaryDirectory() as folder:
        inside = onnxruntime.InferenceSession(path, threads, providers=["CPUExecutionProvider"])
        outside = onnxruntime.InferenceSession(
            without_input_change(path, Path(folder)), threads, providers=["CPUExecutionProvider"]
        )
    name = outside.get_inputs()[0].name

    def nhwc() -> Any:
        return inside.run(None, {spec.name: picture})

    def nchw() -> Any:
        return outside.run(None, {name: np.ascontiguousarray(picture.transpose(0, 3, 1, 2))})

    if not all(np.allclose(a, b, atol=1e-4) for a, b in zip(nhwc(), nchw(), strict=True)):
        raise SystemExit("the two graphs do not agree")
    times: dict[Callable[[], Any], list[float]] = {nhwc: [], nchw: []}
    for _ in range(options.rounds):
        for way, taken in times.items():
            began = time.perf_counter()
            way()
            taken.append(time.perf_counter() - began)
    first, second = (1000 * statistics.median(taken) for taken in times.values())
    print(f"NHWC, turned inside the graph {first:.2f} ms; NCHW, turned by NumPy {second:.2f} ms: {second / first:.2f}")
    return second / first


if __name__ == "__main__":
    main()
