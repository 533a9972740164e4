"""``/start`` and ``/help``."""

from __future__ import annotations

import html

from aiogram import Router
from aiogram.filters import Command, CommandStart
from aiogram.types import BotCommand, Message

from hackai_notifier.bot.caller import Caller

COMMANDS: list[BotCommand] = [
    BotCommand(command="status", description="Is everything working?"),
    BotCommand(command="cameras", description="The cameras and how they do"),
    BotCommand(command="snapshot", description="A picture now: /snapshot <camera>"),
    BotCommand(command="incidents", description="The last ten incidents"),
    BotCommand(command="snooze", description="No sound for a while: /snooze [camera] [30m | off]"),
    BotCommand(command="drill", description="Would I be told? A known fire to this phone: /drill [history]"),
    BotCommand(command="help", description="What I can do"),
]


def create_router() -> Router:
    """Return the router of this feature."""
    router = Router(name="start")
    router.message.register(start, CommandStart())
    router.message.register(help_, Command("help"))
    return router


async def start(message: Message, caller: Caller) -> None:
    """Say who is spoken to and what this chat may do."""
    name = html.escape(caller.actor.name or "there")
    await message.answer(
        f"Hello {name}! I watch cameras for fire and tell you here.\n"
        f"Chat <code>{caller.chat_id}</code>, role: <b>{caller.role.value}</b>.\n\n{_help()}"
    )


async def help_(message: Message) -> None:
    """List the commands."""
    await message.answer(_help())


def _help() -> str:
    lines = [f"/{command.command} – {html.escape(command.description)}" for command in COMMANDS]
    lines.append("\nI am no certified smoke detector. In danger: get out and call the fire brigade.")
    return "\n".join(lines)
