"""The HTTP interface of the compression service: jobs, their events, their files; nothing makes it fail."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
import uvicorn
from fastapi import FastAPI
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from redis import Redis
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import response_schema_conformance

from hackai_compression.api import add_routes
from hackai_compression.jobs.store import JobStore
from hackai_compression.pipeline.progress import ProgressEvent
from hackai_compression.settings import CompressionSettings
from hackai_shared.health import Health
from hackai_shared.metrics import Metrics
from hackai_shared.web import create_app

RECIPE = {"name": "small", "steps": [{"do": "train", "architecture": "resnet18"}]}


@pytest.fixture
def folders(tmp_path: Path) -> Path:
    """A folder of datasets with one set."""
    (tmp_path / "datasets" / "pictures").mkdir(parents=True)
    return tmp_path


@pytest.fixture
def store(redis_url: str) -> Iterator[JobStore]:
    """Jobs on a real server."""
    with Redis.from_url(redis_url) as redis:
        yield JobStore(redis)


@pytest.fixture
def app(folders: Path, store: JobStore) -> FastAPI:
    """The application as the service builds it, without the gate."""
    settings = CompressionSettings(data_dir=folders / "data", datasets_dir=folders / "datasets")
    built = create_app("compression", "test", health=Health(), metrics=Metrics("compression"))
    add_routes(built, settings, store.redis)
    return built


@pytest.fixture
def client(app: FastAPI, free_port: int) -> Iterator[httpx.Client]:
    """A client of the running server."""
    server = uvicorn.Server(uvicorn.Config(app, port=free_port, log_config=None, lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    with httpx.Client(base_url=f"http://127.0.0.1:{free_port}", transport=httpx.HTTPTransport(retries=8)) as connected:
        yield connected
    server.should_exit = True
    thread.join()


def submitted(client: httpx.Client, **more: Any) -> str:
    answer = client.post("/v1/jobs", json={"recipe": RECIPE, "pictures": "pictures", **more})
    assert answer.status_code == 202, answer.text
    return str(answer.json()["id"])


def test_a_submitted_job_is_queued_and_listed_newest_first(client: httpx.Client) -> None:
    first, second = submitted(client), submitted(client)
    assert [job["id"] for job in client.get("/v1/jobs").json()["jobs"]] == [second, first]
    assert client.get(f"/v1/jobs/{first}").json()["state"] == "queued"


@pytest.mark.parametrize(
    "body",
    [
        {"recipe": RECIPE, "pictures": "nowhere"},
        {"recipe": RECIPE, "pictures": "../../etc"},
        {"recipe": RECIPE, "pictures": "pictures\0"},
        {"recipe": {**RECIPE, "sizes": 3}, "pictures": "pictures"},
        {"recipe": {"name": "x", "steps": [{"do": "judge"}]}, "pictures": "pictures"},
    ],
)
def test_what_cannot_run_is_refused_at_once(client: httpx.Client, body: dict[str, Any]) -> None:
    answer = client.post("/v1/jobs", json=body)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert client.get("/v1/jobs").json() == {"jobs": []}


def test_a_waiting_job_is_cancelled_at_once(client: httpx.Client) -> None:
    job = submitted(client)
    assert client.post(f"/v1/jobs/{job}/cancel").json()["state"] == "cancelled"
    assert client.post(f"/v1/jobs/{job}/cancel").json()["state"] == "cancelled"


def test_events_stream_until_the_end_and_resume_after_an_id(client: httpx.Client, store: JobStore) -> None:
    job = submitted(client)
    for epoch in (1, 2):
        store.add_event(job, ProgressEvent(at=0, step="train", kind="progress", done=epoch, total=2))
    store.end(job, "finished")
    lines = client.get(f"/v1/jobs/{job}/events").text.splitlines()
    told = [json.loads(line[6:]) for line in lines if line.startswith("data: {") and len(line) > 8]
    assert [(e["kind"], e["done"]) for e in told] == [("progress", 1), ("progress", 2), ("finished", 0)]
    assert lines[-3:] == ["event: end", "data: {}", ""] or lines[-2:] == ["event: end", "data: {}"]
    first = next(line[4:] for line in lines if line.startswith("id: "))
    again = client.get(f"/v1/jobs/{job}/events", headers={"Last-Event-ID": first}).text
    assert again.count("event: progress") == 1


def test_files_of_a_job_and_nothing_else(client: httpx.Client, folders: Path) -> None:
    job = submitted(client)
    folder = folders / "data" / "compression" / "jobs" / job
    (folder / "report").mkdir(parents=True)
    (folder / "report" / "report.html").write_text("<p>report")
    (folder.parent / "secret").write_text("secret")
    listed = client.get(f"/v1/jobs/{job}/artefacts").json()["artefacts"]
    assert listed == [{"path": "report/report.html", "size_bytes": 9}]
    assert client.get(f"/v1/jobs/{job}/report").text == "<p>report"
    for name in ("../secret", "%2e%2e/secret", "report", "none", "a%00b"):
        assert client.get(f"/v1/jobs/{job}/artefacts/{name}").status_code == 404


@pytest.mark.parametrize("path", ["", "/events", "/log", "/artefacts", "/report", "/artefacts/x"])
def test_unknown_jobs_are_problems(client: httpx.Client, path: str) -> None:
    answer = client.get(f"/v1/jobs/nobody{path}")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


def test_no_request_makes_it_fail(client: httpx.Client) -> None:
    schema = schemathesis.openapi.from_url(f"{client.base_url}/openapi.json")

    @given(case=schema.as_strategy())
    @hypothesis_settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
    def run(case: schemathesis.Case) -> None:
        if case.path.endswith("/events"):
            return  # an event stream of a waiting job has no end
        case.call_and_validate(checks=(not_a_server_error, response_schema_conformance))

    run()
