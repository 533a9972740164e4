"""A handler that fails must not leave the person without an answer."""

from __future__ import annotations

import structlog
from aiogram import Router
from aiogram.exceptions import AiogramError
from aiogram.types import ErrorEvent

log = structlog.get_logger(__name__)
SORRY = "That failed. Please try again; the notifier's log has the reason."


def create_router() -> Router:
    """Return the router of this feature."""
    router = Router(name="errors")
    router.errors.register(on_error)
    return router


async def on_error(event: ErrorEvent) -> bool:
    """Log the error and apologise."""
    log.error("bot handler failed", update=event.update.update_id, exc_info=event.exception)
    if isinstance(event.exception, AiogramError):
        return True  # Telegram itself is the trouble: an apology would fail as well
    try:
        if event.update.callback_query is not None:
            await event.update.callback_query.answer(SORRY, show_alert=True)
        elif event.update.message is not None:
            await event.update.message.answer(SORRY)
    except AiogramError as error:
        log.warning("cannot apologise", error=str(error))
    return True
