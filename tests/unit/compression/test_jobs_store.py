from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis
from rq import Queue

from hackai_compression.errors import DatasetError
from hackai_compression.jobs.queue import MAX_ATTEMPTS, QUEUE, rescue_abandoned, resolve, submit
from hackai_compression.jobs.records import JobRequest
from hackai_compression.jobs.store import JobStore, UnknownJobError
from hackai_compression.recipes import read_recipe

REQUEST = JobRequest(
    recipe=read_recipe("name: small\nsteps: [{do: train, architecture: resnet18}]"), pictures="pictures"
)


@pytest.fixture
def redis(redis_url: str) -> Iterator[Redis]:
    with Redis.from_url(redis_url) as connected:
        yield connected


def test_a_job_without_a_sign_of_life_is_queued_again_by_exactly_one(redis: Redis) -> None:
    store = JobStore(redis)
    job = submit(redis, REQUEST).id
    store.start(job, "worker-1")
    assert rescue_abandoned(redis) == [job]
    assert rescue_abandoned(redis) == []
    assert store.get(job).state == "queued"


def test_a_job_with_a_sign_of_life_is_left_alone(redis: Redis) -> None:
    store = JobStore(redis)
    job = submit(redis, REQUEST).id
    store.start(job, "worker-1")
    store.renew_lease(job, "worker-1", 60)
    assert rescue_abandoned(redis) == []


def test_a_job_that_kills_its_workers_is_given_up(redis: Redis) -> None:
    store = JobStore(redis)
    job = submit(redis, REQUEST).id
    for _ in range(MAX_ATTEMPTS):
        store.start(job, "worker")
        rescue_abandoned(redis)
    assert store.get(job).state == "failed"
    assert str(MAX_ATTEMPTS) in store.get(job).error


def test_a_job_whose_worker_died_before_it_started_is_queued_again(redis: Redis) -> None:
    store = JobStore(redis)
    job = submit(redis, REQUEST).id
    queue = Queue(QUEUE, connection=redis)
    assert rescue_abandoned(redis, grace_s=0) == []  # it waits, as it should
    queue.empty()  # taken from the queue by a worker that is no more
    assert rescue_abandoned(redis) == []  # perhaps it is about to be queued
    assert rescue_abandoned(redis, grace_s=0) == [job]
    assert rescue_abandoned(redis, grace_s=0) == []
    assert queue.job_ids == [f"{job}-1"]
    assert store.get(job).state == "queued"


def test_a_worker_that_was_silent_for_too_long_has_lost_the_job(redis: Redis) -> None:
    store = JobStore(redis)
    job = submit(redis, REQUEST).id
    first = store.start(job, "worker-1")
    assert store.is_attempt(job, first.attempts)
    rescue_abandoned(redis)
    assert not store.is_attempt(job, first.attempts)
    second = store.start(job, "worker-2")
    assert store.is_attempt(job, second.attempts)
    assert not store.is_attempt(job, first.attempts)


def test_the_end_is_told_once(redis: Redis) -> None:
    store = JobStore(redis)
    job = submit(redis, REQUEST).id
    store.cancel(job)
    store.cancel(job)
    assert store.end(job, "finished").state == "cancelled"
    assert [event.text for _, event in store.events(job)] == ["cancelled before it started"]


def test_an_ended_job_stays_as_it_is(redis: Redis) -> None:
    store = JobStore(redis)
    job = submit(redis, REQUEST).id
    store.end(job, "cancelled")
    assert store.update(job, state="running").state == "cancelled"
    with pytest.raises(UnknownJobError):
        store.get("nobody")


def test_folders_lie_below_the_datasets(tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    assert resolve(REQUEST, tmp_path).pictures == (tmp_path / "pictures").resolve()
    for name in ("..", "/etc", "none"):
        with pytest.raises(DatasetError):
            resolve(REQUEST.model_copy(update={"pictures": name}), tmp_path)
