"""Jobs through a real queue: submit, follow, kill a worker in the middle, cancel, refuse, share."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import psutil
import pytest
from redis import Redis

from hackai_compression.jobs.queue import submit
from hackai_compression.jobs.records import JobRequest
from hackai_compression.jobs.store import JobStore
from hackai_compression.recipes import read_recipe

pytestmark = [pytest.mark.torch, pytest.mark.slow, pytest.mark.timeout(240)]

RECIPE = """
name: tiny
size: 64
data: {augmentation: {harmless_scenes: 0, composites: 0}, validation_fraction: 0.3}
steps:
  - {do: train, architecture: squeezenet1_1, training: {epochs: %d, batch_size: 8}}
"""


@pytest.fixture(scope="module")
def datasets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve pictures a class and part that differ in colour."""
    base = tmp_path_factory.mktemp("datasets")
    rng = np.random.default_rng(0)
    for part in ("train", "test"):
        for channel, name in enumerate(("no_fire", "start_fire", "fire")):
            folder = base / "pictures" / part / name
            folder.mkdir(parents=True)
            for i in range(12):
                picture = rng.integers(0, 120, (64, 64, 3)).astype(np.uint8)
                picture[..., channel] |= 128
                cv2.imwrite(str(folder / f"{part}{i}.png"), picture)
    return base


@pytest.fixture
def start_worker(redis_url: str, datasets: Path, tmp_path: Path) -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    """Starts real worker processes that share folders and queue."""
    environment = {
        **os.environ,
        "HACKAI_REDIS_URL": redis_url,
        "HACKAI_DATASETS_DIR": str(datasets),
        "HACKAI_DATA_DIR": str(tmp_path),
        "HACKAI_WORKER_PATIENCE_S": "2",
    }
    workers: list[subprocess.Popen[bytes]] = []

    def start() -> subprocess.Popen[bytes]:
        code = "from hackai_compression.cli import app; app()"
        worker = subprocess.Popen([sys.executable, "-c", code, "worker"], env=environment)
        workers.append(worker)
        return worker

    yield start
    for worker in workers:
        if worker.poll() is None:
            power_cut(worker)
        worker.wait()


def power_cut(worker: subprocess.Popen[bytes]) -> None:
    """SIGKILL to the worker and to the process that it forked for the job."""
    process = psutil.Process(worker.pid)
    for victim in (*process.children(recursive=True), process):
        victim.kill()


def wait_for(what: Callable[[], bool], seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.1)


def request(epochs: int) -> JobRequest:
    return JobRequest(recipe=read_recipe(RECIPE % epochs), pictures="pictures")


def epochs_told(store: JobStore, job: str) -> list[int]:
    return [event.done for _, event in store.events(job) if event.kind == "progress"]


def test_a_killed_job_resumes_on_another_worker(
    redis_url: str, start_worker: Callable[[], subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    with Redis.from_url(redis_url) as redis:
        store = JobStore(redis)
        first = start_worker()
        job = submit(redis, request(40)).id
        wait_for(lambda: len(epochs_told(store, job)) >= 3)
        power_cut(first)
        start_worker()
        wait_for(lambda: store.get(job).ended)
        record, told = store.get(job), epochs_told(store, job)
    assert record.state == "finished"
    assert record.attempts == 2
    # The second worker goes on after the last whole epoch: at most the one in flight is done twice.
    assert told[-1] == 40
    assert len(told) - len(set(told)) <= 1
    assert (tmp_path / "compression" / "jobs" / job / "report" / "report.html").is_file()


def test_two_workers_share_the_queue(redis_url: str, start_worker: Callable[[], subprocess.Popen[bytes]]) -> None:
    with Redis.from_url(redis_url) as redis:
        store = JobStore(redis)
        start_worker()
        start_worker()
        jobs = [submit(redis, request(6)).id for _ in range(2)]
        wait_for(lambda: all(store.get(j).ended for j in jobs))
        records = [store.get(j) for j in jobs]
    assert [r.state for r in records] == ["finished", "finished"]
    assert records[0].worker != records[1].worker


def test_a_running_job_is_cancelled_at_the_end_of_an_epoch(
    redis_url: str, start_worker: Callable[[], subprocess.Popen[bytes]]
) -> None:
    with Redis.from_url(redis_url) as redis:
        store = JobStore(redis)
        start_worker()
        job = submit(redis, request(500)).id
        wait_for(lambda: len(epochs_told(store, job)) >= 1)
        store.cancel(job)
        wait_for(lambda: store.get(job).ended)
        assert store.get(job).state == "cancelled"
        assert len(epochs_told(store, job)) < 500
