"""Pub/sub that survives reconnects: frames and live status, where the newest counts and a gap is no defect."""

from __future__ import annotations

import asyncio
from typing import Any, AsyncIterator, Sequence, Tuple

import structlog

from hackai_shared.bus.outage import OUTAGES

log = structlog.get_logger(__name__)

RETRY_S = 0.5
# A poll returns at least this often, so that a dead connection is noticed by its health check.
POLL_S = 5.0


async def subscribe(client: Any, patterns: Sequence[str]) -> AsyncIterator[Tuple[str, bytes]]:
    """Yield ``(channel, payload)`` of all channels that match ``patterns`` until the iterator is closed.

    A lost connection is retried every ``RETRY_S`` seconds for ever. The consumer must drain without delay (put into a
    mailbox): Redis cuts a slow subscriber off and frames are lost silently.
    """
    connected = True
    while True:
        pubsub = client.pubsub(ignore_subscribe_messages=True)
        try:
            await pubsub.psubscribe(*patterns)
            if not connected:
                log.info("subscription is back", patterns=list(patterns))
                connected = True
            while True:
                message = await pubsub.get_message(timeout=POLL_S)
                if message is not None:
                    yield message["channel"].decode(), message["data"]
        except OUTAGES as error:
            if connected:
                log.warning("subscription lost, retrying", patterns=list(patterns), error=str(error))
                connected = False
            await asyncio.sleep(RETRY_S)
        finally:
            await _close_quietly(pubsub)


async def _close_quietly(pubsub: Any) -> None:
    try:
        await pubsub.aclose()
    except OUTAGES as error:
        log.debug("closing a lost subscription", error=str(error))
