"""The Telegram channel: one Bot API call per step, its errors translated."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from aiogram import Bot
from aiogram.exceptions import (
    AiogramError,
    TelegramBadRequest,
    TelegramEntityTooLarge,
    TelegramForbiddenError,
    TelegramMigrateToChat,
    TelegramNotFound,
    TelegramRetryAfter,
    TelegramUnauthorizedError,
)
from aiogram.types import BufferedInputFile, Message, ReplyParameters

from hackai_notifier.channels.base import (
    AddressMoved,
    CredentialsRefused,
    Delivery,
    PermanentFailure,
    RateLimited,
    Receipt,
    TemporaryFailure,
)
from hackai_notifier.channels.keyboard import arm_button, buttons_of
from hackai_shared.config.chat_address import ChatAddress

log = structlog.get_logger(__name__)

# An upload of 50 MB over a poor uplink takes minutes.
UPLOAD_FACTOR = 8


class TelegramChannel:
    """Sends with a bot, which keeps itself under Telegram's limits."""

    def __init__(self, bot: Bot, *, timeout_s: float) -> None:
        self._bot = bot
        self._timeout_s = max(1, round(timeout_s))

    async def send(self, delivery: Delivery) -> Receipt:
        """Send a step; the receipt has Telegram's ``message_id``.

        Raises:
            SendFailure: as its subclasses say.
        """
        chat = ChatAddress.parse(delivery.address)
        with _translated():
            if delivery.step == "edit":
                return await self._edit(int(chat), delivery)
            message = await self._send(chat, delivery)
            name = message.chat.title or message.chat.full_name or ""
            return Receipt(message_id=str(message.message_id), detail=name)

    async def close(self) -> None:
        """Close connections."""
        await self._bot.session.close()

    async def _send(self, chat: ChatAddress, delivery: Delivery) -> Message:
        if delivery.media is None:
            buttons = buttons_of(delivery.incident) if delivery.step in ("text", "update", "reminder") else None
            if delivery.offers_arming:
                buttons = arm_button()
            return await self._bot.send_message(
                int(chat),
                delivery.text,
                disable_notification=delivery.silent,
                reply_markup=buttons,
                message_thread_id=chat.thread,
                reply_parameters=_reply(delivery),
                request_timeout=self._timeout_s,
            )
        if delivery.step == "clip":
            return await self._bot.send_video(
                int(chat),
                BufferedInputFile(delivery.media, f"{delivery.incident.file_name}.mp4"),
                caption=delivery.text,
                supports_streaming=True,
                disable_notification=True,
                message_thread_id=chat.thread,
                reply_parameters=_reply(delivery),
                request_timeout=self._timeout_s * UPLOAD_FACTOR,
            )
        return await self._send_photo(chat, delivery, delivery.media)

    async def _send_photo(self, chat: ChatAddress, delivery: Delivery, jpeg: bytes) -> Message:
        name = f"{delivery.incident.file_name}.jpg"
        try:
            return await self._bot.send_photo(
                int(chat),
                BufferedInputFile(jpeg, name),
                caption=delivery.text,
                disable_notification=True,
                message_thread_id=chat.thread,
                reply_parameters=_reply(delivery),
                request_timeout=self._timeout_s * UPLOAD_FACTOR,
            )
        except TelegramBadRequest as error:
            # Telegram refuses some pictures (size, proportions, its own decoder); as a file it takes them.
            log.warning("photo refused, sending it as a file", incident=delivery.incident.incident_id, error=str(error))
            return await self._bot.send_document(
                int(chat),
                BufferedInputFile(jpeg, name),
                caption=delivery.text,
                disable_notification=True,
                message_thread_id=chat.thread,
                reply_parameters=_reply(delivery),
                request_timeout=self._timeout_s * UPLOAD_FACTOR,
            )

    async def _edit(self, chat_id: int, delivery: Delivery) -> Receipt:
        if delivery.reply_to is None:
            raise PermanentFailure("no message to edit")
        try:
            await self._bot.edit_message_text(
                delivery.text,
                chat_id=chat_id,
                message_id=int(delivery.reply_to),
                reply_markup=buttons_of(delivery.incident),
                request_timeout=self._timeout_s,
            )
        except TelegramBadRequest as error:
            if "message is not modified" not in error.message:
                raise
        return Receipt(message_id=delivery.reply_to)


def _reply(delivery: Delivery) -> ReplyParameters | None:
    if delivery.reply_to is None or delivery.step == "notice":
        return None
    return ReplyParameters(message_id=int(delivery.reply_to), allow_sending_without_reply=True)


@contextmanager
def _translated() -> Iterator[None]:
    """Turn aiogram's errors into those of the channel protocol."""
    try:
        yield
    except TelegramRetryAfter as error:
        raise RateLimited(f"429, retry after {error.retry_after} s", float(error.retry_after)) from error
    except TelegramMigrateToChat as error:
        raise AddressMoved(str(error.migrate_to_chat_id)) from error
    except TelegramUnauthorizedError as error:
        raise CredentialsRefused(f"401 {error.message}") from error
    except TelegramBadRequest as error:
        raise PermanentFailure(f"400 {error.message}") from error
    except TelegramForbiddenError as error:
        raise PermanentFailure(f"403 {error.message}") from error
    except TelegramNotFound as error:
        raise PermanentFailure(f"404 {error.message}") from error
    except TelegramEntityTooLarge as error:
        raise PermanentFailure(f"413 {error.message}") from error
    except AiogramError as error:  # network, time-outs, 5xx, answers that are not JSON (a proxy's error page)
        raise TemporaryFailure(f"{type(error).__name__}: {error}") from error
