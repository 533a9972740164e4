"""Jobs in Redis: records, events, the wish to cancel, and the sign of life of whoever runs them."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Literal, cast

from redis import Redis
from redis.client import Pipeline
from redis.exceptions import WatchError

from hackai_compression.errors import CompressionError
from hackai_compression.jobs.records import JobRecord, JobRequest, State
from hackai_compression.pipeline.progress import ProgressEvent

_PREFIX = "compression"
_INDEX = f"{_PREFIX}:jobs"
#: Events kept per job: a long search tells some hundreds.
MAX_EVENTS = 5000


class UnknownJobError(CompressionError):
    """No job has this id."""


class JobStore:
    """All methods are safe to call from several processes."""

    def __init__(self, redis: Redis) -> None:
        self.redis = redis

    def create(self, request: JobRequest) -> JobRecord:
        """A new record, not yet on the queue."""
        record = JobRecord(id=uuid.uuid4().hex[:12], request=request, created_at=_now())
        pipe: Pipeline = self.redis.pipeline()
        pipe.set(_record(record.id), record.model_dump_json())
        pipe.zadd(_INDEX, {record.id: record.created_at.timestamp()})
        pipe.execute()
        return record

    def get(self, job_id: str) -> JobRecord:
        """Raises `UnknownJobError`."""
        raw = cast("bytes | None", self.redis.get(_record(job_id)))
        if raw is None:
            raise UnknownJobError(f"no job {job_id!r}")
        return JobRecord.model_validate_json(raw)

    def all(self) -> list[JobRecord]:
        """Newest first."""
        ids = cast("list[bytes]", self.redis.zrevrange(_INDEX, 0, -1))
        raw = cast("list[bytes | None]", self.redis.mget([_record(i.decode()) for i in ids])) if ids else []
        return [JobRecord.model_validate_json(r) for r in raw if r is not None]

    def update(self, job_id: str, *, last_event: ProgressEvent | None = None, **changes: Any) -> JobRecord:
        """Changes fields, and tells `last_event`, in one transaction. A job that has ended stays as it is."""
        with self.redis.pipeline() as pipe:
            while True:
                try:
                    pipe.watch(_record(job_id))  # type: ignore[no-untyped-call]
                    record = self.get(job_id)
                    if record.ended:
                        return record
                    changed = record.model_copy(update=changes)
                    pipe.multi()
                    pipe.set(_record(job_id), changed.model_dump_json())
                    if last_event is not None:
                        pipe.xadd(_events(job_id), {"event": last_event.model_dump_json()})
                        pipe.delete(_lease(job_id))
                    pipe.execute()
                except WatchError:
                    continue
                return changed

    def start(self, job_id: str, worker: str) -> JobRecord:
        """Marks it as running on `worker`."""
        record = self.get(job_id)
        return self.update(
            job_id,
            state="running",
            worker=worker,
            attempts=record.attempts + 1,
            started_at=record.started_at or _now(),
        )

    def end(self, job_id: str, state: State, error: str = "") -> JobRecord:
        """Final state; subscribers see it as the last event."""
        kind: Literal["finished", "failed"] = "finished" if state == "finished" else "failed"
        last = ProgressEvent(at=_now().timestamp(), step="job", kind=kind, text=error or state)
        return self.update(job_id, last_event=last, state=state, error=error, ended_at=_now())

    def add_event(self, job_id: str, event: ProgressEvent) -> None:
        """Appends to the job's stream."""
        self.redis.xadd(_events(job_id), {"event": event.model_dump_json()}, maxlen=MAX_EVENTS, approximate=True)

    def events(self, job_id: str, after: str = "0", wait_ms: int | None = None) -> Iterator[tuple[str, ProgressEvent]]:
        """(id, event) after the given id; waits up to `wait_ms` for the first one."""
        found = cast("Any", self.redis.xread({_events(job_id): after}, count=500, block=wait_ms))
        streams = found.items() if isinstance(found, dict) else found or []
        for _, entries in streams:
            rows = entries[0] if isinstance(found, dict) else entries
            for event_id, fields in rows:
                yield event_id.decode(), ProgressEvent.model_validate_json(fields[b"event"])

    def cancel(self, job_id: str) -> JobRecord:
        """A queued job ends at once, a running one at its next safe point."""
        record = self.get(job_id)
        if record.state == "queued":
            return self.end(job_id, "cancelled", "cancelled before it started")
        if not record.ended:
            self.redis.set(_cancel(job_id), b"1", ex=7 * 86400)
        return record

    def is_cancelled(self, job_id: str) -> bool:
        """Whether somebody asked for it."""
        return bool(self.redis.exists(_cancel(job_id)))

    def is_attempt(self, job_id: str, attempt: int) -> bool:
        """Whether this attempt is still the one that counts: false once another worker was given the job."""
        record = self.get(job_id)
        return record.state == "running" and record.attempts == attempt

    def renew_lease(self, job_id: str, worker: str, seconds: float) -> None:
        """The sign of life: expires unless renewed."""
        self.redis.set(_lease(job_id), worker.encode(), px=int(seconds * 1000))

    def abandoned(self) -> list[JobRecord]:
        """Running jobs without a sign of life: their worker was killed."""
        return [r for r in self.all() if r.state == "running" and not self.redis.exists(_lease(r.id))]

    def claim_rescue(self, record: JobRecord) -> bool:
        """True for exactly one caller per attempt: whoever puts the job back on the queue."""
        return bool(self.redis.set(f"{_PREFIX}:rescue:{record.id}:{record.attempts}", b"1", nx=True, ex=86400))


def _now() -> datetime:
    return datetime.now(UTC)


def _record(job_id: str) -> str:
    return f"{_PREFIX}:job:{job_id}"


def _events(job_id: str) -> str:
    return f"{_PREFIX}:events:{job_id}"


def _cancel(job_id: str) -> str:
    return f"{_PREFIX}:cancel:{job_id}"


def _lease(job_id: str) -> str:
    return f"{_PREFIX}:lease:{job_id}"
