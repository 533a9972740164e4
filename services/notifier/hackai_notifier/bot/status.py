"""``/status``: is everything working? What is missing is said to be missing."""

from __future__ import annotations

import html
import time

from aiogram import Router
from aiogram.filters import Command
from aiogram.types import Message

from hackai_notifier.bot.context import BotContext
from hackai_notifier.bot.overview import snooze_line, status_text
from hackai_notifier.incident import incidents
from hackai_shared.bus import BusUnavailable
from hackai_shared.messages import ServiceStatus, utc_now


def create_router() -> Router:
    """Return the router of this feature."""
    router = Router(name="status")
    router.message.register(status, Command("status"))
    return router


async def status(message: Message, context: BotContext) -> None:
    """Answer with services, cameras, model, outbox and snoozes."""
    active = context.book.active(wall=utc_now(), monotonic=time.monotonic())
    snoozed = await context.database.run(
        lambda connection: [one for entry in active if (one := incidents.load(connection, entry.key)) is not None]
    )
    snoozes = [
        snooze_line(context.writer.brief(one), one.snoozed.by, context.writer.clock(one.snoozed.until))
        for one in snoozed
        if one.snoozed is not None
    ]
    disarmed = [
        f"🛑 <b>DISARMED</b> by {html.escape(entry.by)} until {context.writer.clock(entry.until)}: "
        "new incidents are recorded, nobody is alerted"
        for entry in context.orders.disarmed()
    ]
    text = status_text(await heartbeats(context), context.camera_names, context.watch.details(), snoozes)
    await message.answer("\n".join([*disarmed, text]))


async def heartbeats(context: BotContext) -> list[ServiceStatus] | None:
    """Return the heartbeats of all services; None: Redis does not answer."""
    try:
        return await context.bus.statuses()
    except BusUnavailable:
        return None
