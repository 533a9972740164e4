"""What an RQ worker does: run or resume one job, in a process of its own, with a sign of life."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from redis import Redis
from rq import Queue, Worker

from hackai_compression.errors import CompressionError, GateRefusedError, JobCancelledError
from hackai_compression.jobs.queue import QUEUE, rescue_abandoned, resolve
from hackai_compression.jobs.store import JobStore
from hackai_compression.pipeline.progress import EventLog, Progress
from hackai_compression.pipeline.run import Job
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
    if store.get(job_id).ended:
        return store.get(job_id).state
    name = settings.instance or default_instance()
    with _sign_of_life(store, job_id, name, settings.worker_patience_s):
        record = store.start(job_id, name)
        folder = settings.jobs_dir / job_id
        folder.mkdir(parents=True, exist_ok=True)
        progress = Progress(
            EventLog(folder / "progress.jsonl"),
            lambda event: store.add_event(job_id, event),
            cancelled=lambda: store.is_cancelled(job_id),
        )
        try:
            folders = resolve(record.request, settings.datasets_dir)
            Job(record.request.recipe, folders, folder, progress).run()
        except JobCancelledError as error:
            return store.end(job_id, "cancelled", str(error)).state
        except GateRefusedError as error:
            write_report(folder)
            return store.end(job_id, "refused", str(error)).state
        except (CompressionError, ValueError, RuntimeError, OSError) as error:
            log.error("job failed", job=job_id, exc_info=error)
            return store.end(job_id, "failed", f"{type(error).__name__}: {error}").state
        write_report(folder)
        return store.end(job_id, "finished").state


def work(settings: CompressionSettings, *, burst: bool = False) -> None:
    """Runs a worker until SIGTERM (or until the queue is empty, with `burst`); looks after dead colleagues."""
    redis = Redis.from_url(settings.redis_url)
    stop = threading.Event()

    def look_after() -> None:
        watching = Redis.from_url(settings.redis_url)
        while not stop.wait(settings.worker_patience_s / 4):
            for job_id in rescue_abandoned(watching):
                log.warning("a worker died, its job is queued again", job=job_id)

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
            connection.renew_lease(job_id, worker, patience)

    thread = threading.Thread(target=beat, name="lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
