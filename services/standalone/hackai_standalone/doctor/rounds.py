"""The doctor on its rounds: what it finds is put where the dashboard shows it."""

from __future__ import annotations

import asyncio
import os
import sys

import structlog
from pydantic import TypeAdapter, ValidationError
from redis.exceptions import RedisError

from hackai_shared.bus import Bus, names
from hackai_shared.messages import DoctorFinding, DoctorReport
from hackai_standalone.stack import Plan

log = structlog.get_logger(__name__)

EVERY_S = 600.0
# A report that is older than two rounds says nothing about now.
BELIEVED_S = 2 * EVERY_S + 60
_FINDINGS = TypeAdapter(list[DoctorFinding])


async def make_rounds(plan: Plan) -> None:
    """Examine at once and every ten minutes, until cancelled.

    In a process of its own: the examination loads the model, and this one is to stay small.
    """
    async with Bus(plan.redis_url) as bus:
        while True:
            report = await examine(plan)
            if report is not None:
                try:
                    await bus.client.set(names.DOCTOR, report.model_dump_json(), ex=int(BELIEVED_S))
                except (RedisError, OSError) as error:
                    log.warning("the doctor's report has to wait for the next round", error=str(error))
            await asyncio.sleep(EVERY_S)


async def examine(plan: Plan) -> DoctorReport | None:
    """Return what ``hackai doctor`` finds; None: it could not be asked."""
    options = ["doctor", "--json", "-c", str(plan.config), "--data", str(plan.data_dir)]
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "hackai_standalone",
        *options,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={**os.environ, **plan.environment()},
    )
    try:
        said, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    try:
        return DoctorReport(findings=_FINDINGS.validate_json(said))
    except ValidationError as error:
        log.warning("the doctor said nothing that can be shown", status=process.returncode, error=str(error)[:200])
        return None


async def end_rounds(rounds: asyncio.Task[None]) -> None:
    """Cancel the rounds and wait until they have ended."""
    rounds.cancel()
    await asyncio.gather(rounds, return_exceptions=True)
