"""Start-up of the compression service's API; workers start with `hackai compress worker`."""

from __future__ import annotations

import asyncio
import contextlib

from redis import Redis
from redis.exceptions import RedisError

from hackai_compression.api import add_routes
from hackai_compression.jobs.queue import rescue_abandoned
from hackai_compression.settings import CompressionSettings
from hackai_shared.security.service_gate import gate_of
from hackai_shared.service import ServiceContext, ServiceParts, run_service
from hackai_shared.settings import read_settings
from hackai_shared.web import create_app

NAME = "compression"


async def build(context: ServiceContext) -> ServiceParts:
    """Connects queue and HTTP edge; looks after jobs of dead workers even where no worker is left."""
    settings = context.settings
    if not isinstance(settings, CompressionSettings):
        raise TypeError("the compression service needs CompressionSettings")
    redis = Redis.from_url(settings.redis_url)
    guard = gate_of(context)
    app = create_app(
        NAME,
        "Makes models small: train, distil, prune, quantize, export, judge.",
        health=context.health,
        metrics=context.metrics,
        max_body_bytes=1_000_000,
        gate=guard.gate,
    )
    add_routes(app, settings, redis)

    async def rescue() -> None:
        while not context.stop.is_set():
            # The heartbeat's check says when Redis is away; the next round tries again.
            with contextlib.suppress(RedisError):
                await asyncio.to_thread(rescue_abandoned, redis)
            try:
                await asyncio.wait_for(context.stop.wait(), settings.worker_patience_s / 2)
            except TimeoutError:
                continue

    async def shut_down() -> None:
        await asyncio.to_thread(redis.close)

    return ServiceParts(
        app,
        settings.compression_port,
        tasks={"rescue": rescue, "revocations": lambda: guard.watch(context.stop)},
        closers=[shut_down],
    )


def main() -> None:
    """Run the service until a signal."""
    run_service(NAME, lambda: read_settings(CompressionSettings), build)


if __name__ == "__main__":
    main()
