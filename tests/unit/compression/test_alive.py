"""A worker shows itself on the queue; one that is gone, or another host's, does not count."""

from __future__ import annotations

import socket
from datetime import UTC, datetime, timedelta

from redis import Redis
from rq import Queue, Worker

from hackai_compression.jobs.alive import PATIENCE, is_alive
from hackai_compression.jobs.queue import QUEUE


def test_a_worker_that_shows_itself_is_alive(redis_url: str) -> None:
    with Redis.from_url(redis_url) as redis:
        now, host = datetime.now(UTC), socket.gethostname()
        assert not is_alive(redis, host, now)

        worker = Worker([Queue(QUEUE, connection=redis)], connection=redis)
        worker.register_birth()

        assert is_alive(redis, host, now)
        assert not is_alive(redis, "elsewhere", now)
        assert not is_alive(redis, host, now + PATIENCE + timedelta(seconds=1))
        worker.register_death()
        assert not is_alive(redis, host, now)
