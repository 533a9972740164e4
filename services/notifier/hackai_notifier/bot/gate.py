"""Lets in who may speak to the bot; everybody else is refused politely, at most once a minute, and audited."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from aiogram import BaseMiddleware
from aiogram.enums import ChatType
from aiogram.types import CallbackQuery, Message, TelegramObject

from hackai_notifier.bot.caller import Caller, actor_of, identity_of
from hackai_notifier.bot.context import BotContext
from hackai_notifier.bot.login import is_for_door
from hackai_notifier.incident import outgoing
from hackai_notifier.texts.refusals import unknown_chat
from hackai_notifier.texts.wording import plain
from hackai_shared.bus import names
from hackai_shared.messages import AuditRecord
from hackai_shared.redaction import redact
from hackai_shared.security.rate_limit import TokenBuckets

log = structlog.get_logger(__name__)

Handler = Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]]
REFUSE_EVERY_S = 60.0
MAX_STRANGERS = 1_000
# What a chat that is not logged in may ask of the face service.
KNOCKS_PER_MINUTE, KNOCKS = 6.0, 10


class Gate(BaseMiddleware):
    """Outer middleware of messages and button presses; handlers behind it get ``caller``."""

    def __init__(self, *, reported: Callable[[], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._reported = reported
        self._clock = clock
        self._refused_at: OrderedDict[int, float] = OrderedDict()
        self._knocks = TokenBuckets(KNOCKS_PER_MINUTE, KNOCKS)

    async def __call__(self, handler: Handler, event: TelegramObject, data: dict[str, Any]) -> Any:
        """Call the handler, or refuse."""
        assert isinstance(event, (Message, CallbackQuery))
        context: BotContext = data["context"]
        identity = identity_of(event)
        role = context.access.role(identity) if identity is not None else None
        if identity is not None and role is not None:
            actor = actor_of(event, context.access.proof(identity))
            session = context.login_flow.access.session(identity) if context.login_flow is not None else None
            if session is not None:
                # The person whose face was seen, not what the account calls itself.
                actor = actor.model_copy(update={"name": session.name})
            data["caller"] = Caller(identity, role, actor)
            return await handler(event, data)
        if isinstance(event, Message) and context.login_flow is not None and is_for_door(event, context.login_flow):
            # Strangers share one way to the face service: nobody may fill it.
            if identity is not None and self._knocks.take(str(identity)) > 0:
                return None
            return await handler(event, data)
        if identity is not None:
            await self._refuse(event, identity, context)
        return None

    async def _refuse(self, event: Message | CallbackQuery, identity: int, context: BotContext) -> None:
        access = context.login_flow.access if context.login_flow is not None else None
        expired = access is not None and access.expired(identity)
        way_out = unknown_chat(identity, faces=access is not None, expired=expired)
        if isinstance(event, CallbackQuery):
            await event.answer(plain(way_out)[:200], show_alert=True)
        if isinstance(event, Message) and not _speaks_to_us(event):
            return
        # Somebody who was logged in may be in the middle of an alarm: they are answered each time.
        if expired and isinstance(event, Message):
            await event.answer(way_out)
        if not self._first_in_a_while(identity):
            return
        said = event.data if isinstance(event, CallbackQuery) else event.text
        record = AuditRecord(
            actor=actor_of(event, ""),
            action="bot",
            target=redact((said or "")[:100]),
            outcome="refused",
            detail=f"chat {identity} is not allowed",
        )
        log.warning("refused", chat=identity)
        await context.database.run(lambda connection: outgoing.put(connection, names.AUDIT, record))
        self._reported()
        if isinstance(event, Message) and not expired:
            await event.answer(way_out)

    def _first_in_a_while(self, identity: int) -> bool:
        now = self._clock()
        last = self._refused_at.get(identity)
        if last is not None and now - last < REFUSE_EVERY_S:
            return False
        self._refused_at[identity] = now
        self._refused_at.move_to_end(identity)
        if len(self._refused_at) > MAX_STRANGERS:
            self._refused_at.popitem(last=False)
        return True


def _speaks_to_us(message: Message) -> bool:
    """In a group people talk to each other: only commands are meant for us."""
    return message.chat.type == ChatType.PRIVATE or (message.text or "").startswith("/")
