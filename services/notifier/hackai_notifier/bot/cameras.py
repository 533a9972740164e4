"""``/cameras`` and ``/snapshot <camera>``."""

from __future__ import annotations

import html

from aiogram import Router
from aiogram.filters import Command, CommandObject
from aiogram.types import BufferedInputFile, Message

from hackai_notifier.bot.context import BotContext
from hackai_notifier.bot.overview import camera_lines
from hackai_notifier.bot.status import heartbeats
from hackai_notifier.clients.cameras import CameraUnavailable, PictureGone


def create_router() -> Router:
    """Return the router of this feature."""
    router = Router(name="cameras")
    router.message.register(cameras, Command("cameras"))
    router.message.register(snapshot, Command("snapshot"))
    return router


async def cameras(message: Message, context: BotContext) -> None:
    """List the cameras."""
    lines = camera_lines(await heartbeats(context) or [], context.camera_names)
    await message.answer("\n".join(lines) or "No camera is configured. Add one under cameras: in config.yml.")


async def snapshot(message: Message, command: CommandObject, context: BotContext) -> None:
    """Send the newest frame of a camera."""
    wanted = (command.args or "").strip()
    camera_id = (
        next(iter(context.camera_names)) if not wanted and len(context.camera_names) == 1 else find(wanted, context)
    )
    if camera_id is None:
        await message.answer(unknown_camera(wanted, context))
        return
    name = context.camera_names[camera_id]
    try:
        jpeg = await context.cameras.snapshot(camera_id)
    except (CameraUnavailable, PictureGone) as error:
        await message.answer(f"No picture from <b>{html.escape(name)}</b>: {html.escape(str(error)[:300])}")
        return
    await message.answer_photo(BufferedInputFile(jpeg, f"{camera_id}.jpg"), caption=f"📷 {html.escape(name)} · now")


def find(wanted: str, context: BotContext) -> str | None:
    """Return the id of a camera that is named by id or by name, whatever the case."""
    for camera_id, name in context.camera_names.items():
        if wanted.lower() in (camera_id, name.lower()):
            return camera_id
    return None


def unknown_camera(wanted: str, context: BotContext) -> str:
    """Return which cameras there are."""
    known = ", ".join(f"<code>{html.escape(camera_id)}</code>" for camera_id in context.camera_names)
    asked = f"There is no camera “{html.escape(wanted[:60])}”. " if wanted else "Which one? "
    return f"{asked}Cameras: {known or 'none'}"
