"""What an RQ worker does: run or resume one job, in a process of its own, with a sign of life."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from redis import Redis
from redis.exceptions import RedisError
from rq import Queue, Worker

from hackai_compression.errors import GateRefusedError, JobCancelledError, JobTakenOverError
from hackai_compression.jobs.queue import QUEUE, rescue_abandoned, resolve
from hackai_compression.jobs.records import JobRecord
from hackai_compression.jobs.store import JobStore
from hackai_compression.pipeline.job import Job
from hackai_compression.pipeline.progress import EventLog, Progress, ProgressEvent
from hackai_compression.pipeline.run import run_steps
from hackai_compression.reports.page import write_report
from hackai_compression.settings import CompressionSettings
from hackai_shared.service import default_instance
from hackai_shared.settings import read_settings

log = structlog.get_logger(__name__)


def run_job(job_id: str) -> str:
    """Entry point of RQ's work horse; returns the final state. A crash of this process is found by the lease."""
    settings = read_settings(CompressionSettings)
    redis = Redis.from_url(settings.redis_url)
    store = JobStore(redis)
    name = settings.instance or default_instance()
    with _sign_of_life(store, job_id, name, settings.worker_patience_s):
        record = store.start(job_id, name)
        if record.ended:
            return record.state
        try:
            _run(store, record, settings)
        except JobTakenOverError as error:
            log.warning("job given up", job=job_id, reason=str(error))
            return "taken over"
        except JobCancelledError as error:
            return store.end(job_id, "cancelled", str(error)).state
        except GateRefusedError as error:
            return store.end(job_id, "refused", str(error)).state
        except RedisError:
            raise  # no end can be told; the lease runs out and another worker goes on
        except Exception as error:
            # Without this, whoever looks after dead workers would try a job again that fails for a reason of its own.
            store.end(job_id, "failed", f"{type(error).__name__}: {error}")
            raise
        return store.end(job_id, "finished").state


def _run(store: JobStore, record: JobRecord, settings: CompressionSettings) -> None:
    """The recipe and its report. Raises what a step raises, and `JobTakenOverError`."""
    folder = settings.jobs_dir / record.id
    folder.mkdir(parents=True, exist_ok=True)

    def still_ours(_: ProgressEvent) -> None:
        if not store.is_attempt(record.id, record.attempts):
            raise JobTakenOverError(f"attempt {record.attempts} was silent for too long, another worker goes on")

    progress = Progress(
        still_ours,
        EventLog(folder / "progress.jsonl"),
        lambda event: store.add_event(record.id, event),
        cancelled=lambda: store.is_cancelled(record.id),
    )
    folders = resolve(record.request, settings.datasets_dir)
    try:
        run_steps(Job(record.request.recipe, folders, folder, progress))
    except GateRefusedError:
        write_report(folder)
        raise
    write_report(folder)


def work(settings: CompressionSettings, *, burst: bool = False) -> None:
    """Runs a worker until SIGTERM (or until the queue is empty, with `burst`); looks after dead colleagues."""
    redis = Redis.from_url(settings.redis_url)
    stop = threading.Event()
    # The process that is forked for a job has another id, but works in the name of this one.
    os.environ.setdefault("HACKAI_INSTANCE", default_instance())

    def look_after() -> None:
        watching = Redis.from_url(settings.redis_url)
        while not stop.wait(settings.worker_patience_s / 4):
            try:
                for job_id in rescue_abandoned(watching):
                    log.warning("a worker died, its job is queued again", job=job_id)
            except RedisError as error:
                log.warning("cannot look after other workers", reason=str(error))

    watcher = threading.Thread(target=look_after, name="rescue", daemon=True)
    watcher.start()
    worker = Worker([Queue(QUEUE, connection=redis)], connection=redis)
    try:
        worker.work(burst=burst, logging_level="WARNING")
    finally:
        stop.set()


@contextmanager
def _sign_of_life(store: JobStore, job_id: str, worker: str, patience: float) -> Iterator[None]:
    """Renews the lease from a thread: a training epoch takes longer than the lease."""
    stop = threading.Event()
    store.renew_lease(job_id, worker, patience)

    def beat() -> None:
        connection = JobStore(Redis.from_url(read_settings(CompressionSettings).redis_url))
        while not stop.wait(patience / 4):
            try:
                connection.renew_lease(job_id, worker, patience)
            except RedisError as error:
                log.warning("no sign of life could be given", job=job_id, reason=str(error))

    thread = threading.Thread(target=beat, name="lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
