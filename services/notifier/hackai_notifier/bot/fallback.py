"""What nobody else understood."""

from __future__ import annotations

from aiogram import F, Router
from aiogram.enums import ChatType
from aiogram.types import Message


def create_router() -> Router:
    """Return the router of this feature; it comes last."""
    router = Router(name="fallback")
    # In a group people talk to each other.
    router.message.register(not_understood, F.chat.type == ChatType.PRIVATE)
    return router


async def not_understood(message: Message) -> None:
    """Point to the help."""
    await message.answer("Unknown command. /help lists all commands.")
