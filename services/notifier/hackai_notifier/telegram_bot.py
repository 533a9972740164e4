"""The bot as a whole: its connection, its channel, its polling."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from aiogram import Bot
from aiogram.client.default import DefaultBotProperties
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.enums import ParseMode
from aiogram.types import LinkPreviewOptions

from hackai_notifier.bot import login, start, web_code
from hackai_notifier.bot.context import BotContext
from hackai_notifier.bot.paced import Paced
from hackai_notifier.bot.polling import Poller, PollingState, create_dispatcher
from hackai_notifier.channels.telegram import TelegramChannel
from hackai_notifier.pacing import Pacer


class TelegramBot:
    """One bot token in use."""

    def __init__(self, token: str, api_url: str, *, timeout_s: float) -> None:
        session = AiohttpSession(api=TelegramAPIServer.from_base(api_url), timeout=timeout_s)
        self.bot = Bot(
            token,
            session=session,
            default=DefaultBotProperties(parse_mode=ParseMode.HTML, link_preview=LinkPreviewOptions(is_disabled=True)),
        )
        session.middleware(Paced(Pacer()))
        self.channel = TelegramChannel(self.bot, timeout_s=timeout_s)
        self.state = PollingState()

    async def run(self, context: BotContext, stop: asyncio.Event, *, reported: Callable[[], None]) -> None:
        """Answer commands and buttons until ``stop`` is set."""
        commands = (
            start.COMMANDS
            + (login.COMMANDS if context.login_flow is not None else [])
            + (web_code.COMMANDS if context.dashboard is not None else [])
        )
        await Poller(self.bot, create_dispatcher(context, reported=reported), self.state, commands).run(stop)
