"""Learns that a group became a supergroup, and has another id now, from what Telegram says about it in both chats."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from aiogram import BaseMiddleware
from aiogram.types import Message, TelegramObject

from hackai_notifier.bot.context import BotContext

Handler = Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]]


def move_in(message: Message) -> tuple[int, int] | None:
    """Return the old and the new id that a service message tells of; None: it tells of no move."""
    if message.migrate_to_chat_id is not None:
        return message.chat.id, message.migrate_to_chat_id
    if message.migrate_from_chat_id is not None:
        return message.migrate_from_chat_id, message.chat.id
    return None


class GroupMoves(BaseMiddleware):
    """Outer middleware of messages, in front of the gate: the new id is a stranger until its move is known."""

    async def __call__(self, handler: Handler, event: TelegramObject, data: dict[str, Any]) -> Any:
        """Note a move of a chat that has rights or is told; hand on every other message."""
        move = move_in(event) if isinstance(event, Message) else None
        if move is None:
            return await handler(event, data)
        context: BotContext = data["context"]
        old, new = move
        if _is_ours(context, old):
            await context.chat_moved(old, new)
        return None


def _is_ours(context: BotContext, chat_id: int) -> bool:
    access = context.access
    told = {int(receiver.chat_id) for receiver in access.receivers()} | {int(chat) for chat in access.administrators()}
    return chat_id in told or access.role(chat_id) is not None
