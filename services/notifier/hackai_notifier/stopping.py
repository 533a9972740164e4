"""Waits that end when the service stops."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any, TypeVar

T = TypeVar("T")


async def pause(stop: asyncio.Event, seconds: float) -> None:
    """Wait ``seconds``, or until ``stop`` is set."""
    await either(stop, None, seconds)


async def either(stop: asyncio.Event, wake: asyncio.Event | None, timeout_s: float | None) -> None:
    """Wait until one of two events is set or the time is over."""
    waiters = {asyncio.ensure_future(event.wait()) for event in (stop, wake) if event is not None}
    try:
        await asyncio.wait(waiters, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for waiter in waiters:
            waiter.cancel()


async def unless(stop: asyncio.Event, work: Awaitable[T], *, finish_s: float = 0.0) -> T | None:
    """Return the result of ``work``; None when ``stop`` is set first, which cancels it after ``finish_s``."""
    task: asyncio.Future[Any] = asyncio.ensure_future(work)
    stopping = asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({task, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done() and finish_s:
            await asyncio.wait({task}, timeout=finish_s)
        return task.result() if task.done() else None
    finally:
        stopping.cancel()
        if not task.done():
            task.cancel()
            await asyncio.wait({task})
