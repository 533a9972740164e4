from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from hackai_compression.errors import DatasetError
from hackai_compression.jobs.queue import MAX_ATTEMPTS, rescue_abandoned, resolve, submit
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
