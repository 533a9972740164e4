"""Putting jobs on the RQ queue, and putting them back when their worker died."""

from __future__ import annotations

from pathlib import Path

from redis import Redis
from rq import Queue

from hackai_compression.errors import DatasetError
from hackai_compression.jobs.records import JobRecord, JobRequest
from hackai_compression.jobs.store import JobStore
from hackai_compression.pipeline.data import Folders

QUEUE = "compression"
#: Training takes hours; the lease, not a time-out, finds dead workers.
TIMEOUT_S = 7 * 86400
#: A job whose worker died so often is the cause, not the victim.
MAX_ATTEMPTS = 3


def submit(redis: Redis, request: JobRequest) -> JobRecord:
    """Creates the record and queues it."""
    record = JobStore(redis).create(request)
    enqueue(redis, record)
    return record


def enqueue(redis: Redis, record: JobRecord) -> None:
    """Queues one attempt; the function is named, so that neither API nor CLI imports torch."""
    Queue(QUEUE, connection=redis).enqueue(
        "hackai_compression.jobs.worker.run_job",
        record.id,
        job_id=f"{record.id}-{record.attempts}",
        job_timeout=TIMEOUT_S,
        result_ttl=3600,
        failure_ttl=86400,
    )


def rescue_abandoned(redis: Redis) -> list[str]:
    """Queues running jobs again whose worker shows no sign of life; returns their ids."""
    store = JobStore(redis)
    rescued = []
    for record in store.abandoned():
        if not store.claim_rescue(record):
            continue
        if record.attempts >= MAX_ATTEMPTS:
            store.end(record.id, "failed", f"its worker died {record.attempts} times")
            continue
        enqueue(redis, store.update(record.id, state="queued", worker=""))
        rescued.append(record.id)
    return rescued


def resolve(request: JobRequest, datasets: Path) -> Folders:
    """The request's folders below `datasets`. Raises `DatasetError` for what is missing or lies outside."""
    return Folders(
        pictures=_below(datasets, request.pictures),
        boxes=_below(datasets, request.boxes) if request.boxes is not None else None,
        files=_below(datasets, request.files) if request.files is not None else None,
        feedback=_below(datasets, request.feedback) if request.feedback is not None else None,
    )


def _below(base: Path, name: str) -> Path:
    root = base.resolve()
    # A null byte is no character of a path; resolve() would raise another error.
    path = (root / name.replace("\0", "")).resolve()
    if "\0" in name or not path.is_relative_to(root):
        raise DatasetError(f"{name!r} lies outside of the folder of datasets")
    if not path.is_dir():
        raise DatasetError(f"{name!r} is no folder below the folder of datasets")
    return path
