"""Jobs through a real queue: submit, follow, kill a worker in the middle, cancel, refuse, share."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from redis import Redis

import service_access
from hackai_compression.jobs.queue import submit
from hackai_compression.jobs.records import JobRequest
from hackai_compression.jobs.store import JobStore
from hackai_compression.recipes import read_recipe
from hackai_compression.search_runner import run_search
from hackai_compression.settings import CompressionSettings

pytestmark = [pytest.mark.torch, pytest.mark.timeout(240)]

RECIPE = """
name: tiny
size: 32
data: {augmentation: {}, validation_fraction: 0.3}
steps:
  - {do: train, architecture: squeezenet1_1, training: {epochs: %d, batch_size: 8}}
"""
Start = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def settings(redis_url: str, datasets: Path, tmp_path: Path) -> CompressionSettings:
    """What all processes of a test share."""
    return CompressionSettings(redis_url=redis_url, datasets_dir=datasets, data_dir=tmp_path, worker_patience_s=8)


@pytest.fixture
def start(settings: CompressionSettings) -> Iterator[Start]:
    """Starts real processes, `worker` or `api`, that share folders and queue."""
    environment = {
        **os.environ,
        **service_access.ENVIRONMENT,
        "HACKAI_REDIS_URL": settings.redis_url,
        "HACKAI_DATASETS_DIR": str(settings.datasets_dir),
        "HACKAI_DATA_DIR": str(settings.data_dir),
        "HACKAI_WORKER_PATIENCE_S": str(settings.worker_patience_s),
    }
    processes: list[subprocess.Popen[bytes]] = []

    def begin(what: str = "worker", **more: str) -> subprocess.Popen[bytes]:
        worker = ["-c", "from hackai_compression.cli import app; app()", "worker"]
        arguments = worker if what == "worker" else ["-m", "hackai_compression.main"]
        process = subprocess.Popen([sys.executable, *arguments], env={**environment, **more})
        processes.append(process)
        return process

    yield begin
    for process in processes:
        if process.poll() is None:
            power_cut(process)
        process.wait()


def power_cut(worker: subprocess.Popen[bytes]) -> None:
    """SIGKILL to the worker and to the process that it forked for the job."""
    process = psutil.Process(worker.pid)
    for victim in (*process.children(recursive=True), process):
        victim.kill()


def wait_for(what: Callable[[], bool], seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.1)


def request(epochs: int) -> JobRequest:
    return JobRequest(recipe=read_recipe(RECIPE % epochs), pictures="pictures")


def epochs_told(store: JobStore, job: str) -> list[int]:
    return [event.done for _, event in store.events(job) if event.kind == "progress"]


def test_a_killed_job_resumes_on_another_worker(settings: CompressionSettings, start: Start) -> None:
    with Redis.from_url(settings.redis_url) as redis:
        store = JobStore(redis)
        first = start()
        job = submit(redis, request(40)).id
        wait_for(lambda: len(epochs_told(store, job)) >= 3)
        victim = store.get(job).worker
        power_cut(first)
        start()
        wait_for(lambda: store.get(job).ended)
        record, told = store.get(job), epochs_told(store, job)
    assert record.state == "finished"
    assert record.attempts == 2
    assert record.worker != victim
    # The second worker goes on after the last whole epoch: at most the one in flight is done twice.
    assert told[-1] == 40
    assert len(told) - len(set(told)) <= 1
    assert (settings.jobs_dir / job / "report" / "report.html").is_file()


def test_a_search_spreads_its_trials_over_two_workers_and_goes_on(
    settings: CompressionSettings, start: Start, tmp_path: Path
) -> None:
    space = tmp_path / "space.yml"
    space.write_text(
        """
recipe:
  name: tiny-search
  size: 32
  data: {augmentation: {}, validation_fraction: 0.3}
  budget: {max_quantization_drop: 1.0, max_size: 1000000, min_recall: 0}
  steps:
    - {do: train, architecture: squeezenet1_1, training: {epochs: 1, batch_size: 8}}
    - {do: export}
    - {do: quantize, variants: [int8], pictures: 8, methods: [minmax], max_fp32_layers: 0}
    - {do: judge, repetitions: 5}
vary:
  size: {choices: [32, 48]}
"""
    )
    with Redis.from_url(settings.redis_url) as redis:
        store = JobStore(redis)
        wanted: dict[str, Any] = {"pictures": "pictures", "boxes": None, "files": None, "name": "tiny"}
        start()
        start()
        run_search(space, settings, store, trials=2, parallel=2, **wanted)
        # Each worker was busy when the other one took its trial.
        assert len({record.worker for record in store.all()}) == 2
        front = run_search(space, settings, store, trials=1, parallel=1, **wanted)
        records = {record.id: record for record in store.all()}
    assert len(records) == 3
    assert {record.state for record in records.values()} == {"finished"}
    for row in front:
        (verdict,) = (settings.jobs_dir / row.job).glob("*-judge/verdict.json")
        judged = next(e for e in json.loads(verdict.read_text())["evaluations"] if e["variant"] == "int8")
        assert (row.accuracy, row.size_bytes) == (judged["accuracy"], judged["size_bytes"])
        assert records[row.job].request.recipe.size == row.values["size"]


def test_over_http_a_job_is_followed_while_it_works_and_cancelled(
    settings: CompressionSettings, start: Start, free_port: int
) -> None:
    start("api", HACKAI_COMPRESSION_PORT=str(free_port))
    start()
    with httpx.Client(
        base_url=f"http://127.0.0.1:{free_port}",
        headers=service_access.HEADERS,
        transport=httpx.HTTPTransport(retries=10),
        timeout=60,
    ) as client:
        body = request(500).model_dump(mode="json")
        job = client.post("/v1/jobs", json=body).raise_for_status().json()["id"]
        kinds: list[str] = []
        with client.stream("GET", f"/v1/jobs/{job}/events") as stream:
            assert stream.headers["content-type"].startswith("text/event-stream")
            for line in stream.iter_lines():
                if line.startswith("event: "):
                    kinds.append(line[7:])
                if kinds.count("progress") == 2 and line == "":
                    # The epochs are told while the job works, or this would never be said.
                    assert client.post(f"/v1/jobs/{job}/cancel").json()["state"] == "running"
                    kinds.append("cancel was asked for")
        assert kinds[0] == "started"
        assert kinds[-2:] == ["failed", "end"]
        assert "finished" not in kinds
        assert client.get(f"/v1/jobs/{job}").json()["state"] == "cancelled"
        log = [json.loads(line) for line in client.get(f"/v1/jobs/{job}/log").text.splitlines()]
        assert [event["done"] for event in log if event["kind"] == "progress"][:2] == [1, 2]
        files = [a["path"] for a in client.get(f"/v1/jobs/{job}/artefacts").json()["artefacts"]]
    assert "00-train/checkpoint.pt" in files
    assert "00-train/network.pt" not in files
