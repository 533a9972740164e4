"""``/code``: a chat that is logged in lets a browser in."""

from __future__ import annotations

import html

from aiogram import F, Router
from aiogram.enums import ChatType
from aiogram.filters import Command
from aiogram.types import BotCommand, Message

from hackai_notifier.bot.caller import Caller
from hackai_notifier.bot.context import BotContext
from hackai_notifier.clients.dashboard_client import DashboardClient, DashboardUnavailable
from hackai_notifier.texts.refusals import needs_face

COMMANDS = [BotCommand(command="code", description="Get a code to log a browser in to the dashboard")]


def create_router(dashboard: DashboardClient) -> Router:
    """Return the router of this feature. In private chats alone: whoever reads the code is let in by it."""
    router = Router(name="web_code")

    async def code(message: Message, context: BotContext, caller: Caller) -> None:
        session = context.login_flow.access.session(caller.chat_id) if context.login_flow is not None else None
        if context.login_flow is not None and session is None:
            await message.answer(needs_face("The dashboard"))
            return
        try:
            issued = await (
                dashboard.code_for_session(session.token)
                if session is not None
                else dashboard.code_for_chat(caller.chat_id, caller.actor.name or "chat", caller.role)
            )
        except DashboardUnavailable as error:
            await message.answer(html.escape(str(error)))
            return
        await message.answer(
            f"<code>{issued.code}</code>\nType it on the dashboard's login page within "
            f"{issued.expires_in_s / 60:.0f} minutes. It works once. "
            "Anyone who has it can log in as you: do not share it."
        )

    router.message.register(code, Command("code"), F.chat.type == ChatType.PRIVATE)
    return router
