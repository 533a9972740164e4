"""Talks to systemd, where that started us: ready, still working, stopping (sd_notify(3))."""

from __future__ import annotations

import asyncio
import os
import socket

import structlog

log = structlog.get_logger(__name__)


def notify(state: str) -> bool:
    """Send a state such as ``READY=1``; return whether somebody listens."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return False
    # An address in the abstract namespace is written with @.
    path = "\0" + address[1:] if address.startswith("@") else address
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
        sender.settimeout(1.0)
        try:
            sender.sendto(state.encode(), path)
        except OSError as error:
            log.warning("systemd does not listen", state=state, error=str(error))
            return False
    return True


def watchdog_period_s() -> float | None:
    """Return how often systemd wants to hear that we work: half of its limit; None: it does not ask."""
    limit = os.environ.get("WATCHDOG_USEC", "")
    of_us = os.environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
    return int(limit) / 2_000_000 if limit.isdigit() and int(limit) > 0 and of_us else None


async def keep_alive() -> None:
    """Say that we work for as long as this event loop turns, until cancelled."""
    period_s = watchdog_period_s()
    if period_s is None:
        return
    while True:
        notify("WATCHDOG=1")
        await asyncio.sleep(period_s)
