"""Putting jobs on the RQ queue, and putting them back when their worker died."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from redis import Redis
from rq import Queue
from rq.job import JobStatus

from hackai_compression.errors import DatasetError
from hackai_compression.jobs.records import JobRecord, JobRequest
from hackai_compression.jobs.store import JobStore
from hackai_compression.pipeline.data import Folders
from hackai_shared.confined import OutsideError, inside

QUEUE = "compression"
#: Training takes hours; the lease, not a time-out, finds dead workers.
TIMEOUT_S = 7 * 86400
#: A job whose worker died so often is the cause, not the victim.
MAX_ATTEMPTS = 3
#: What RQ says about a job that somebody will run or is running.
_ALIVE = {JobStatus.CREATED, JobStatus.QUEUED, JobStatus.STARTED, JobStatus.DEFERRED, JobStatus.SCHEDULED}


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
        job_id=_rq_id(record),
        job_timeout=TIMEOUT_S,
        result_ttl=3600,
        failure_ttl=86400,
    )


def rescue_abandoned(redis: Redis, grace_s: float = 60.0) -> list[str]:
    """Queues jobs again that nobody works on; returns their ids.

    Those are running jobs whose worker shows no sign of life, and jobs older than `grace_s` that wait
    although RQ no longer has them: their worker was killed between taking and starting them.
    """
    store = JobStore(redis)
    rescued = []
    for record in (*store.abandoned(), *_lost(redis, store, grace_s)):
        if not store.claim_rescue(record):
            continue
        attempts = record.attempts if record.state == "running" else record.attempts + 1
        if attempts >= MAX_ATTEMPTS:
            store.end(record.id, "failed", f"its worker died {attempts} times")
            continue
        enqueue(redis, store.update(record.id, state="queued", worker="", attempts=attempts))
        rescued.append(record.id)
    return rescued


def _lost(redis: Redis, store: JobStore, grace_s: float) -> list[JobRecord]:
    """Waiting jobs that RQ neither keeps on the queue nor runs."""
    queue = Queue(QUEUE, connection=redis)
    oldest = datetime.now(UTC) - timedelta(seconds=grace_s)
    lost = []
    for record in store.all():
        if record.state != "queued" or record.created_at > oldest:
            continue
        carried = queue.fetch_job(_rq_id(record))
        if carried is None or carried.get_status() not in _ALIVE:
            lost.append(record)
    return lost


def _rq_id(record: JobRecord) -> str:
    return f"{record.id}-{record.attempts}"


def resolve(request: JobRequest, datasets: Path) -> Folders:
    """The request's folders below `datasets`. Raises `DatasetError` for what is missing or lies outside."""
    return Folders(
        pictures=_below(datasets, request.pictures),
        boxes=_below(datasets, request.boxes) if request.boxes is not None else None,
        files=_below(datasets, request.files) if request.files is not None else None,
        feedback=_below(datasets, request.feedback) if request.feedback is not None else None,
    )


def _below(base: Path, name: str) -> Path:
    try:
        path = inside(base, name)
    except OutsideError as error:
        raise DatasetError(str(error)) from error
    if not path.is_dir():
        raise DatasetError(f"{name!r} is no folder below {base.name}")
    return path
