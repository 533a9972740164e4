"""Keeps everything that the bot says under Telegram's limits, alarms and answers alike: one budget per chat."""

from __future__ import annotations

import asyncio
from typing import Any

from aiogram import Bot
from aiogram.client.session.middlewares.base import BaseRequestMiddleware, NextRequestMiddlewareType
from aiogram.methods import Response, TelegramMethod
from aiogram.methods.base import TelegramType

from hackai_notifier.pacing import Pacer


class Paced(BaseRequestMiddleware):
    """Waits before each call that names a chat until the pacer allows it."""

    def __init__(self, pacer: Pacer) -> None:
        self._pacer = pacer

    async def __call__(
        self,
        make_request: NextRequestMiddlewareType[TelegramType],
        bot: Bot,
        method: TelegramMethod[TelegramType],
    ) -> Response[TelegramType]:
        """Wait, then make the request."""
        chat_id: Any = getattr(method, "chat_id", None)
        if isinstance(chat_id, int):
            await asyncio.sleep(self._pacer.reserve(chat_id, asyncio.get_running_loop().time()))
        return await make_request(bot, method)
