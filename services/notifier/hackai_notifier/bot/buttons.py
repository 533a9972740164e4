"""The buttons under an incident."""

from __future__ import annotations

from aiogram import Router
from aiogram.types import CallbackQuery

from hackai_notifier.bot.caller import Caller
from hackai_notifier.bot.context import BotContext
from hackai_notifier.channels.keyboard import IncidentButton
from hackai_shared.messages import Command
from hackai_shared.security.roles import Role


def create_router() -> Router:
    """Return the router of this feature."""
    router = Router(name="buttons")
    router.callback_query.register(pressed, IncidentButton.filter())
    router.callback_query.register(outdated)
    return router


async def pressed(query: CallbackQuery, callback_data: IncidentButton, context: BotContext, caller: Caller) -> None:
    """Carry out what a button says; pressing it twice is answered and changes nothing."""
    if not caller.role.covers(Role.OPERATOR):
        await query.answer("Only operators may do this.", show_alert=True)
        return
    # The id of the press: Telegram may hand the same one out again after a restart.
    order = Command(
        command_id=f"telegram-{query.id}",
        action=callback_data.action,
        actor=caller.actor,
        incident_id=callback_data.incident_id,
    )
    result = await context.orders.submit(order)
    await query.answer(result.message[:200])


async def outdated(query: CallbackQuery) -> None:
    """Answer a button that this version does not know: without an answer it would spin for ever."""
    await query.answer("This button is no longer in use.")
