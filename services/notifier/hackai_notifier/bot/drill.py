"""``/drill`` and ``/drill history``."""

from __future__ import annotations

import html

from aiogram import Router
from aiogram.filters import Command as CommandFilter
from aiogram.filters import CommandObject
from aiogram.types import Message

from hackai_notifier.bot.caller import Caller
from hackai_notifier.bot.context import BotContext
from hackai_notifier.incident import drills
from hackai_notifier.texts.refusals import needs_operator
from hackai_shared.messages import Command
from hackai_shared.security.roles import Role

USAGE = "Usage: /drill starts one; <code>/drill history</code> lists the last ten."
SHOWN = 10


def create_router() -> Router:
    """Return the router of this feature."""
    router = Router(name="drill")
    router.message.register(drill, CommandFilter("drill"))
    return router


async def drill(message: Message, command: CommandObject, context: BotContext, caller: Caller) -> None:
    """Start a drill, or list the last ones."""
    wanted = (command.args or "").strip().lower()
    if wanted == "history":
        last = await context.database.run(lambda connection: drills.newest(connection, SHOWN))
        await message.answer(
            "\n".join(context.writer.drill_line(one) for one in last) or "No drill so far. /drill starts one."
        )
    elif wanted:
        await message.answer(USAGE)
    elif not caller.role.covers(Role.OPERATOR):
        await message.answer(needs_operator())
    else:
        order = Command(
            command_id=f"telegram-{message.chat.id}-{message.message_id}", action="drill", actor=caller.actor
        )
        result = await context.orders.submit(order)
        await message.answer(html.escape(result.message))
