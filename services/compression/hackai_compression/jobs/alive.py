"""``python -m hackai_compression.jobs.alive``: health of a worker, which has no HTTP edge to be asked at."""

from __future__ import annotations

import socket
import sys
from datetime import UTC, datetime, timedelta

from redis import Redis
from redis.exceptions import RedisError
from rq import Worker

from hackai_compression.settings import CompressionSettings
from hackai_shared.settings import read_settings

# An idle worker of RQ shows itself when its wait for a job ends: after 405 s by default.
PATIENCE = timedelta(seconds=600)


def is_alive(redis: Redis, host: str, now: datetime) -> bool:
    """Return whether a worker of this host has shown itself on the queue lately.

    Raises:
        RedisError: Redis does not answer.
    """
    return any(
        worker.hostname == host and worker.last_heartbeat is not None and now - worker.last_heartbeat < PATIENCE
        for worker in Worker.all(connection=redis)
    )


def main() -> None:
    """End with status 0 if the worker of this host is alive, else with 1 and the reason."""
    redis = Redis.from_url(read_settings(CompressionSettings).redis_url, socket_timeout=5)
    try:
        alive = is_alive(redis, socket.gethostname(), datetime.now(UTC))
    except RedisError as error:
        sys.exit(f"Redis does not answer: {error}")
    if not alive:
        sys.exit("no worker of this host has shown itself on the queue")


if __name__ == "__main__":
    main()
