"""``/start`` and ``/help``."""

from __future__ import annotations

import html

from aiogram import Router
from aiogram.filters import Command, CommandStart
from aiogram.types import BotCommand, Message

from hackai_notifier.bot.caller import Caller
from hackai_notifier.bot.context import BotContext
from hackai_notifier.bot.membership import welcome
from hackai_notifier.texts.wording import DANGER

COMMANDS: list[BotCommand] = [
    BotCommand(command="status", description="Check that everything works"),
    BotCommand(command="cameras", description="List the cameras and their state"),
    BotCommand(command="snapshot", description="Send a picture now: /snapshot <camera>"),
    BotCommand(command="incidents", description="List the last ten incidents"),
    BotCommand(command="snooze", description="Silence open incidents, never new fires: /snooze [camera] [30m | off]"),
    BotCommand(command="drill", description="Test the whole chain with a test fire: /drill [history]"),
    BotCommand(command="help", description="List all commands"),
]


def create_router() -> Router:
    """Return the router of this feature."""
    router = Router(name="start")
    router.message.register(start, CommandStart())
    router.message.register(help_, Command("help"))
    return router


async def start(message: Message, context: BotContext, caller: Caller) -> None:
    """Say who is spoken to and what this chat may do."""
    name = html.escape(caller.actor.name or "there")
    await message.answer(
        f"Hello {name}! I watch cameras for fire and alert this chat.\n"
        f"Chat <code>{caller.chat_id}</code>, role: <b>{caller.role.value}</b>.\n\n{_help()}"
    )
    await welcome(context, caller.chat_id)


async def help_(message: Message) -> None:
    """List the commands."""
    await message.answer(_help())


def _help() -> str:
    lines = [f"/{command.command} – {html.escape(command.description)}" for command in COMMANDS]
    lines.append(f"\nHackAI does not replace certified smoke detectors. {DANGER}")
    return "\n".join(lines)
