"""The HTTP edge: jobs, their progress, their files."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Annotated, Any, TypeVar

from fastapi import FastAPI, Header
from fastapi.responses import FileResponse, PlainTextResponse, StreamingResponse
from pydantic import BaseModel, Field
from redis import Redis

from hackai_compression.errors import CompressionError
from hackai_compression.jobs.queue import resolve, submit
from hackai_compression.jobs.records import JobRecord, JobRequest
from hackai_compression.jobs.store import JobStore, UnknownJobError
from hackai_compression.pipeline.progress import ProgressEvent
from hackai_compression.recipes import recipe_schema
from hackai_compression.settings import CompressionSettings
from hackai_shared.confined import OutsideError, inside
from hackai_shared.problems import Problem

T = TypeVar("T")
#: Seconds between comments on a silent event stream: proxies close connections that say nothing.
KEEP_ALIVE_S = 10.0


class JobList(BaseModel):
    """Newest first."""

    jobs: list[JobRecord]


class Artefact(BaseModel):
    """A file of a job."""

    path: str
    size_bytes: int


class ArtefactList(BaseModel):
    """Files of a job, by path."""

    artefacts: list[Artefact] = Field(default_factory=list)


def add_routes(app: FastAPI, settings: CompressionSettings, redis: Redis) -> None:
    """Adds `/v1/jobs…` and `/v1/recipes/schema`."""
    store = JobStore(redis)

    @app.post("/v1/jobs", status_code=202, tags=["jobs"], summary="Submit a recipe")
    def submit_job(request: JobRequest) -> JobRecord:
        try:
            resolve(request, settings.datasets_dir)
        except CompressionError as error:
            raise Problem(422, str(error), kind="dataset") from error
        return submit(redis, request)

    @app.get("/v1/jobs", tags=["jobs"], summary="All jobs")
    def list_jobs() -> JobList:
        return JobList(jobs=store.all())

    @app.get("/v1/jobs/{job_id}", tags=["jobs"], summary="One job")
    def get_job(job_id: str) -> JobRecord:
        return _known(lambda: store.get(job_id))

    @app.post("/v1/jobs/{job_id}/cancel", tags=["jobs"], summary="Cancel at the next safe point")
    def cancel_job(job_id: str) -> JobRecord:
        return _known(lambda: store.cancel(job_id))

    @app.get(
        "/v1/jobs/{job_id}/events",
        tags=["jobs"],
        summary="Progress as server-sent events",
        response_class=StreamingResponse,
        responses={200: {"content": {"text/event-stream": {}}}},
    )
    async def job_events(
        job_id: str, last_event_id: Annotated[str, Header(pattern=r"^\d{1,20}(-\d{1,20})?$")] = "0"
    ) -> StreamingResponse:
        await asyncio.to_thread(_known, lambda: store.get(job_id))
        return StreamingResponse(_events(store, job_id, last_event_id), media_type="text/event-stream")

    @app.get(
        "/v1/jobs/{job_id}/log", tags=["jobs"], summary="All events as JSON lines", response_class=PlainTextResponse
    )
    def job_log(job_id: str) -> PlainTextResponse:
        _known(lambda: store.get(job_id))
        path = settings.jobs_dir / job_id / "progress.jsonl"
        return PlainTextResponse(path.read_text(encoding="utf-8") if path.is_file() else "")

    @app.get("/v1/jobs/{job_id}/artefacts", tags=["jobs"], summary="Files of a job")
    def job_artefacts(job_id: str) -> ArtefactList:
        _known(lambda: store.get(job_id))
        folder = settings.jobs_dir / job_id
        found = sorted(p for p in folder.rglob("*") if p.is_file()) if folder.is_dir() else []
        return ArtefactList(
            artefacts=[Artefact(path=str(p.relative_to(folder)), size_bytes=p.stat().st_size) for p in found]
        )

    @app.get(
        "/v1/jobs/{job_id}/artefacts/{path:path}",
        tags=["jobs"],
        summary="One file of a job",
        response_class=FileResponse,
    )
    def job_artefact(job_id: str, path: str) -> FileResponse:
        _known(lambda: store.get(job_id))
        return FileResponse(_inside(settings.jobs_dir / job_id, path))

    @app.get("/v1/jobs/{job_id}/report", tags=["jobs"], summary="The report page", response_class=FileResponse)
    def job_report(job_id: str) -> FileResponse:
        _known(lambda: store.get(job_id))
        return FileResponse(_inside(settings.jobs_dir / job_id, "report/report.html"), media_type="text/html")

    @app.get("/v1/recipes/schema", tags=["recipes"], summary="JSON Schema of recipes")
    def get_schema() -> dict[str, Any]:
        return recipe_schema()


def _known(ask: Callable[[], T]) -> T:
    try:
        return ask()
    except UnknownJobError as error:
        raise Problem(404, str(error), kind="job") from error


def _inside(folder: Path, name: str) -> Path:
    """Raises a 404 problem for what is missing or lies outside."""
    try:
        path = inside(folder, name)
    except OutsideError as error:
        raise Problem(404, "the job has no such file", kind="artefact") from error
    if not path.is_file():
        raise Problem(404, "the job has no such file", kind="artefact")
    return path


async def _events(store: JobStore, job_id: str, after: str) -> AsyncIterator[str]:
    """Server-sent events until the job has ended; `Last-Event-ID` resumes."""
    silent = 0.0
    while True:
        # Asked before the events are read: whatever was told until the end is then among them.
        ended = (await asyncio.to_thread(store.get, job_id)).ended
        rows = await asyncio.to_thread(_read, store, job_id, after)
        for event_id, event in rows:
            after = event_id
            yield f"id: {event_id}\nevent: {event.kind}\ndata: {event.model_dump_json()}\n\n"
        if not rows:
            if ended:
                yield "event: end\ndata: {}\n\n"
                return
            await asyncio.sleep(0.3)
            silent += 0.3
            if silent >= KEEP_ALIVE_S:
                silent = 0.0
                yield ": still here\n\n"


def _read(store: JobStore, job_id: str, after: str) -> list[tuple[str, ProgressEvent]]:
    return list(store.events(job_id, after))
