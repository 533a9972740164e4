"""``/status``: is everything working? What is missing is said to be missing."""

from __future__ import annotations

import html
import time

from aiogram import Router
from aiogram.filters import Command
from aiogram.types import Message

from hackai_notifier.bot.desk import Desk
from hackai_notifier.bot.overview import snooze_line, status_text
from hackai_shared.bus import BusUnavailable
from hackai_shared.messages import ServiceStatus, utc_now


def create_router() -> Router:
    """Return the router of this feature."""
    router = Router(name="status")
    router.message.register(status, Command("status"))
    return router


async def status(message: Message, desk: Desk) -> None:
    """Answer with services, cameras, model, outbox and snoozes."""
    snoozes = [
        snooze_line(entry, desk.camera_names.get(entry.camera_id), desk.writer.clock(entry.until))
        for entry in desk.book.active(wall=utc_now(), monotonic=time.monotonic())
    ]
    disarmed = [
        f"🛑 <b>DISARMED</b> by {html.escape(entry.by)} until {desk.writer.clock(entry.until)}: "
        "new incidents are only recorded"
        for entry in desk.orders.disarmed()
    ]
    text = status_text(await heartbeats(desk), desk.camera_names, desk.watch.details(), snoozes)
    await message.answer("\n".join([*disarmed, text]))


async def heartbeats(desk: Desk) -> list[ServiceStatus] | None:
    """Return the heartbeats of all services; None: Redis does not answer."""
    try:
        return await desk.bus.statuses()
    except BusUnavailable:
        return None
