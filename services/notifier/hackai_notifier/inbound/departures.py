"""Whoever is no longer enrolled is forgotten here too: name, role, token and what waits to be sent to them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import structlog
from redis.exceptions import RedisError

from hackai_notifier.delivery import outbox
from hackai_notifier.people.login_flow import LoginFlow
from hackai_notifier.people.recipients import Recipient
from hackai_notifier.storage.database import Database
from hackai_shared.security.enrolled import PERIOD_S, read_enrolled

log = structlog.get_logger(__name__)


class Departures:
    """Compares the chats that people logged in from with who is enrolled, once a second."""

    def __init__(self, client: Any, login_flow: LoginFlow, database: Database) -> None:
        self._client = client
        self._login_flow = login_flow
        self._database = database

    async def run(self, stop: asyncio.Event) -> None:
        """Compare until ``stop`` is set."""
        while not stop.is_set():
            try:
                await self.compare()
            except (RedisError, OSError) as error:
                log.debug("who is enrolled is not known now", error=str(error))
            try:
                await asyncio.wait_for(stop.wait(), PERIOD_S)
            except TimeoutError:
                continue

    async def compare(self) -> None:
        """Forget who has left.

        A chat that the configuration lists still gets what is listed for: that is the operator's decision.

        Raises:
            RedisError: Redis did not answer.
        """
        enrolled = await read_enrolled(self._client)
        if enrolled is None:
            return
        for chat_id in await self._login_flow.forget_departed(enrolled):
            log.info("the person of a chat is no longer enrolled: the chat is forgotten", chat=chat_id)
            if not self._login_flow.access.listed(chat_id):
                recipient = Recipient("telegram", str(chat_id))
                await self._database.run(partial(outbox.forget_recipient, recipient=recipient))


def departures_of(
    client: Any, login_flow: LoginFlow | None, database: Database, stop: asyncio.Event
) -> dict[str, Callable[[], Awaitable[None]]]:
    """Return the task that forgets who has left; none where faces decide about nobody."""
    if login_flow is None:
        return {}
    departures = Departures(client, login_flow, database)
    return {"departures": lambda: departures.run(stop)}
