"""``/disarm 30m`` and ``/arm``: operators whose face was seen within the last five minutes."""

from __future__ import annotations

import html

from aiogram import Router
from aiogram.filters import Command as CommandFilter
from aiogram.filters import CommandObject
from aiogram.types import Message

from hackai_notifier.bot.caller import Caller
from hackai_notifier.bot.context import BotContext
from hackai_notifier.escalation.disarm import LONGEST_S
from hackai_notifier.escalation.snooze import parse_duration
from hackai_notifier.incident import outgoing
from hackai_notifier.texts.refusals import face_too_old, needs_face, needs_operator, no_face_service
from hackai_shared.bus import names
from hackai_shared.messages import AuditRecord, Command
from hackai_shared.security.roles import Role

USAGE = "Usage: <code>/disarm 30m</code>, at most 8 hours. It ends by itself; /arm ends it now."


def create_router() -> Router:
    """Return the router of this feature."""
    router = Router(name="disarm")
    router.message.register(disarm, CommandFilter("disarm"))
    router.message.register(arm, CommandFilter("arm"))
    return router


async def disarm(message: Message, command: CommandObject, context: BotContext, caller: Caller) -> None:
    """Record new incidents without notifying anybody, for a while."""
    refusal = _refusal(context, caller)
    if refusal is not None:
        record = AuditRecord(actor=caller.actor, action="disarm", outcome="refused", detail=refusal)
        await context.database.run(lambda connection: outgoing.put(connection, names.AUDIT, record))
        await message.answer(refusal)
        return
    duration = parse_duration(command.args or "")
    if duration is None or duration > LONGEST_S:
        await message.answer(USAGE)
        return
    await _submit(message, context, caller, "disarm", duration)


async def arm(message: Message, context: BotContext, caller: Caller) -> None:
    """Arm again."""
    if not caller.role.covers(Role.OPERATOR):
        await message.answer(needs_operator())
        return
    await _submit(message, context, caller, "arm", None)


async def _submit(message: Message, context: BotContext, caller: Caller, action: str, duration: float | None) -> None:
    order = Command.model_validate(
        {
            "command_id": f"telegram-{message.chat.id}-{message.message_id}",
            "action": action,
            "actor": caller.actor,
            "duration_s": duration,
        }
    )
    result = await context.orders.submit(order)
    await message.answer(html.escape(result.message))


def _refusal(context: BotContext, caller: Caller) -> str | None:
    if context.login_flow is None:
        return no_face_service("Disarming")
    session = context.login_flow.access.session(caller.chat_id)
    if session is None:
        return needs_face("Disarming")
    if not session.role.covers(Role.OPERATOR):
        return needs_operator()
    if not context.login_flow.access.fresh_face(caller.chat_id):
        return face_too_old()
    return None
