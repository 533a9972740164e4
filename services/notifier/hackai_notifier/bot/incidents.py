"""``/incidents``: the last ten."""

from __future__ import annotations

from aiogram import Router
from aiogram.filters import Command
from aiogram.types import Message

from hackai_notifier.bot.context import BotContext
from hackai_notifier.incident import incidents as store


def create_router() -> Router:
    """Return the router of this feature."""
    router = Router(name="incidents")
    router.message.register(incidents, Command("incidents"))
    return router


async def incidents(message: Message, context: BotContext) -> None:
    """List the last incidents, newest first."""
    last = await context.database.run(lambda connection: store.newest(connection, limit=10))
    await message.answer("\n".join(context.writer.line(incident) for incident in last) or "No incidents yet.")
