"""The buttons under an incident."""

from __future__ import annotations

import structlog
from aiogram import Router
from aiogram.exceptions import TelegramAPIError
from aiogram.types import CallbackQuery, Message

from hackai_notifier.bot.caller import Caller
from hackai_notifier.bot.context import BotContext
from hackai_notifier.channels.keyboard import ArmButton, IncidentButton, buttons_of
from hackai_notifier.inbound.orders import OrderResult
from hackai_notifier.texts.refusals import needs_operator
from hackai_shared.messages import Command
from hackai_shared.security.roles import Role

log = structlog.get_logger(__name__)


def create_router() -> Router:
    """Return the router of this feature."""
    router = Router(name="buttons")
    router.callback_query.register(pressed, IncidentButton.filter())
    router.callback_query.register(arm, ArmButton.filter())
    router.callback_query.register(outdated)
    return router


async def pressed(query: CallbackQuery, callback_data: IncidentButton, context: BotContext, caller: Caller) -> None:
    """Carry out what a button says; pressing it twice is answered and changes nothing."""
    if not caller.role.covers(Role.OPERATOR):
        await query.answer(needs_operator(), show_alert=True)
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
    await _show_what_is_left(query, result)


async def _show_what_is_left(query: CallbackQuery, result: OrderResult) -> None:
    """Give a pressed message the buttons that still make sense; the alarm itself is edited by the outbox."""
    if result.incident is None or not isinstance(query.message, Message):
        return
    try:
        await query.message.edit_reply_markup(reply_markup=buttons_of(result.incident))
    except TelegramAPIError as error:  # it has them already, or was deleted: the order stands
        log.debug("buttons stay as they are", error=str(error))


async def arm(query: CallbackQuery, context: BotContext, caller: Caller) -> None:
    """End a disarm."""
    if not caller.role.covers(Role.OPERATOR):
        await query.answer("Only operators may do this.", show_alert=True)
        return
    order = Command(command_id=f"telegram-{query.id}", action="arm", actor=caller.actor)
    result = await context.orders.submit(order)
    await query.answer(result.message[:200])


async def outdated(query: CallbackQuery) -> None:
    """Answer a button that this version does not know: without an answer it would spin for ever."""
    await query.answer("This button is no longer in use. /incidents lists what is open.")
