"""A chat that the bot was added to, or that returns: it hears at once of a fire that burns already."""

from __future__ import annotations

import structlog
from aiogram import Router
from aiogram.enums import ChatMemberStatus
from aiogram.types import ChatMemberUpdated

from hackai_notifier.bot.context import BotContext
from hackai_notifier.people.recipients import Recipient

log = structlog.get_logger(__name__)

PRESENT = (ChatMemberStatus.MEMBER, ChatMemberStatus.ADMINISTRATOR)


def create_router() -> Router:
    """Return the router of this feature."""
    router = Router(name="membership")
    router.my_chat_member.register(changed)
    return router


async def changed(event: ChatMemberUpdated, context: BotContext) -> None:
    """Tell a chat that is to be told, and that can be told now."""
    chat_id = event.chat.id
    known = chat_id in {receiver.chat_id for receiver in context.access.receivers()} or context.access.role(chat_id)
    if known and event.new_chat_member.status in PRESENT:
        log.info("a chat is there again", chat=chat_id)
        await welcome(context, chat_id)


async def welcome(context: BotContext, chat_id: int) -> None:
    """Tell a chat of every fire that burns now."""
    # As it is configured: with the topic of a forum.
    address = next((one.chat_id for one in context.access.receivers() if one.chat_id == chat_id), chat_id)
    await context.newcomers.returned(Recipient("telegram", str(address)))
