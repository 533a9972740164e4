"""REST beside a tight loop: ``python tests/benchmarks/rest.py [--picture FILE] [--rounds N] [--seconds S]``.

1.00 is one thread that decodes, fits and infers the same picture with the same code in a loop, without any HTTP. Each
figure of a server is divided by that of the loop just before it, since a shared machine is never twice equally fast;
the median of the rounds is printed. Where others use the machine too, the processor time per picture says more than the
rates. Beside it: the loop with a full decode, and the handler that one writes first. The load comes from a process of
its own.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import httpx
import numpy as np
import psutil  # type: ignore[import-untyped]
from http_load import SERVICE_TOKEN  # type: ignore[import-not-found]

from hackai_inference.models.judgement import judge
from hackai_inference.models.registry import ActiveModel, Registry
from hackai_shared.serving.decoding import decode_image
from hackai_shared.serving.preprocessing import fit

HERE = Path(__file__).parent
CLIENTS = (1, 4, 16)


def loop_rate(work: Callable[[], object], seconds: float) -> float:
    """Return how often per second one thread does ``work``."""
    done, started = 0, time.perf_counter()
    while time.perf_counter() - started < seconds:
        work()
        done += 1
    return done / (time.perf_counter() - started)


def load(url: str, picture: Path, clients: int, seconds: float, *, multipart: bool = False) -> dict[str, float]:
    """Load a URL from another process."""
    command = [sys.executable, str(HERE / "http_load.py"), url, str(picture), str(clients), str(seconds)]
    output = subprocess.run(command + ["--multipart"] * multipart, check=True, stdout=subprocess.PIPE).stdout
    result: dict[str, float] = json.loads(output)
    return result


@contextmanager
def server(command: list[str], environment: dict[str, str], url: str) -> Iterator[psutil.Process]:
    """Run a server until it is not needed any more."""
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, env={**os.environ, **environment}, stderr=log, stdout=log)
        try:
            end = time.monotonic() + 30
            while True:
                try:
                    httpx.get(url)
                    break
                except httpx.HTTPError:
                    if process.poll() is not None or time.monotonic() > end:
                        log.seek(0)
                        raise RuntimeError(log.read().decode()) from None
                    time.sleep(0.05)
            yield psutil.Process(process.pid)
        finally:
            process.terminate()
            process.wait()


def cpu_seconds(process: psutil.Process) -> float:
    """Return the processor time that a process has used."""
    times = process.cpu_times()
    return float(times.user + times.system)


def free_port() -> int:
    """Return a TCP port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def example_picture() -> bytes:
    """Return a 640x480 JPEG of about 60 KB: smooth shapes with the grain of a camera."""
    random = np.random.default_rng(0)
    coarse = random.integers(0, 256, (12, 16, 3)).astype(np.uint8)
    pixels = cv2.resize(coarse, (640, 480), interpolation=cv2.INTER_CUBIC).astype(np.int16)
    grained = np.clip(pixels + random.normal(0, 6, pixels.shape), 0, 255).astype(np.uint8)
    return cv2.imencode(".jpg", grained, [cv2.IMWRITE_JPEG_QUALITY, 85])[1].tobytes()


def measure(model: ActiveModel, picture: Path, options: Any, folder: Path) -> dict[str, list[float]]:
    """Return the ratios of every round by name."""
    data = picture.read_bytes()
    spec = model.manifest.input
    port, plain_port = free_port(), free_port()
    (folder / "config.yml").write_text(f"cameras: {{}}\ninference: {{variant: {options.variant}}}\n")
    environment = {
        "HACKAI_CONFIG": str(folder / "config.yml"),
        "HACKAI_MODELS_DIR": str(options.models),
        "HACKAI_DATA_DIR": str(folder),
        "HACKAI_INFERENCE_PORT": str(port),
        "HACKAI_REDIS_URL": "redis://127.0.0.1:1/0",
        "HACKAI_SERVICE_TOKEN": SERVICE_TOKEN,
        "PLAIN_MODEL": str(model.classifier.package.variant(model.ref.variant)[1]),
        "PLAIN_SIZE": str(spec.width),
        "PLAIN_PORT": str(plain_port),
    }
    ours, plain = f"http://127.0.0.1:{port}/v1/predict", f"http://127.0.0.1:{plain_port}/predict"
    ratios: dict[str, list[float]] = {}

    def note(name: str, value: float) -> None:
        ratios.setdefault(name, []).append(value)

    def tight() -> float:
        return loop_rate(lambda: judge(model, data, max_pixels=50_000_000), options.seconds / 2)

    with (
        server([sys.executable, "-m", "hackai_inference"], environment, ours) as our_process,
        server([sys.executable, str(HERE / "plain_handler.py")], environment, plain) as plain_process,
    ):
        contenders = (
            ("/v1/predict", ours, our_process, False),
            ("plain handler", plain, plain_process, True),
        )
        for _ in range(options.rounds):
            begun = time.process_time()
            base = tight()
            note("tight loop, requests/s", base)
            note("tight loop, CPU ms per picture", 1000 * (time.process_time() - begun) / (base * options.seconds / 2))
            full = loop_rate(lambda: model.classifier.classify([fit(spec, decode_image(data))]), options.seconds / 2)
            note("loop with full decode", full / base)
            for clients in CLIENTS:
                for name, url, process, multipart in contenders:
                    base, cpu = tight(), cpu_seconds(process)
                    result = load(url, picture, clients, options.seconds, multipart=multipart)
                    cpu = cpu_seconds(process) - cpu
                    base = (base + tight()) / 2
                    note(f"{name}, {clients} clients", result["per_second"] / base)
                    note(f"{name}, {clients} clients, CPU ms per picture", 1000 * cpu / result["requests"])
                    note(f"{name}, {clients} clients, p50 ms", result["p50_ms"])
                    note(f"{name}, {clients} clients, p99 ms", result["p99_ms"])
    return ratios


def main() -> dict[str, float]:
    """Measure and print; return the medians."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=Path, default=Path("models"))
    parser.add_argument("--variant", default="auto")
    parser.add_argument("--picture", type=Path)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=0.6)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        picture = options.picture or folder / "picture.jpg"
        if options.picture is None:
            picture.write_bytes(example_picture())
        registry = Registry(
            options.models, folder, "fire-classifier", runtime="auto", variant=options.variant, threads=1
        )
        model = registry.load()
        print(f"{model.ref.name}/{model.ref.version} {model.ref.variant}, {picture.stat().st_size} bytes of JPEG")
        ratios = measure(model, picture, options, folder)
        for key, values in ratios.items():
            print(f"{key:46s} {statistics.median(values):8.2f}   ({', '.join(f'{value:.2f}' for value in values)})")
    return {key: statistics.median(values) for key, values in ratios.items()}


if __name__ == "__main__":
    main()
