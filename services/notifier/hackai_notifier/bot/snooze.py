"""``/snooze [camera] [duration | off]``."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass

from aiogram import Router
from aiogram.filters import Command as CommandFilter
from aiogram.filters import CommandObject
from aiogram.types import Message

from hackai_notifier.bot.caller import Caller
from hackai_notifier.bot.cameras import find, unknown_camera
from hackai_notifier.bot.context import BotContext
from hackai_notifier.escalation.snooze import parse_duration
from hackai_notifier.texts.refusals import needs_operator
from hackai_shared.messages import Command
from hackai_shared.security.roles import Role

USAGE = (
    "Usage: /snooze [camera] [10m | 1h | off], for example <code>/snooze kitchen 30m</code>. At most one day. "
    "It silences what is open; a new fire always rings."
)


@dataclass(frozen=True)
class SnoozeRequest:
    """What somebody asked for; no camera: all of them; no duration: the configured one."""

    camera: str | None
    duration_s: float | None
    off: bool


def create_router() -> Router:
    """Return the router of this feature."""
    router = Router(name="snooze")
    router.message.register(snooze, CommandFilter("snooze"))
    return router


async def snooze(message: Message, command: CommandObject, context: BotContext, caller: Caller) -> None:
    """Silence what is open at a camera, or at all of them; or let it ring again."""
    if not caller.role.covers(Role.OPERATOR):
        await message.answer(needs_operator())
        return
    request = parse_request((command.args or "").split())
    camera_id = find(request.camera, context) if request is not None and request.camera else None
    if request is None:
        await message.answer(USAGE)
    elif request.camera and camera_id is None:
        await message.answer(f"{unknown_camera(request.camera, context)}\n{USAGE}")
    else:
        order = Command(
            # An update that comes again after a crash is the same order.
            command_id=f"telegram-{message.chat.id}-{message.message_id}",
            action="unsnooze" if request.off else "snooze",
            actor=caller.actor,
            camera_id=camera_id,
            duration_s=request.duration_s,
        )
        result = await context.orders.submit(order)
        await message.answer(html.escape(result.message))


def parse_request(words: Sequence[str]) -> SnoozeRequest | None:
    """Return what the words ask for; None: a duration that is too long or too short."""
    rest = list(words)
    off = bool(rest) and rest[-1].lower() == "off"
    if off:
        return SnoozeRequest(" ".join(rest[:-1]) or None, None, True)
    # "1h 30m" are two words of one duration.
    for taken in (2, 1):
        if len(rest) >= taken:
            duration = parse_duration(" ".join(rest[-taken:]))
            if duration is not None:
                return SnoozeRequest(" ".join(rest[:-taken]) or None, duration, False)
    if rest and rest[-1][:1].isdigit():
        return None
    return SnoozeRequest(" ".join(rest) or None, None, False)
