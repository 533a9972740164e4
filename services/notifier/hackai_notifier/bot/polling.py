"""Asks Telegram for updates, and says loudly when it cannot.

aiogram's own polling gives up when Telegram is away at the start and hides a conflict in a log line; this loop survives
the first and fails readiness for the second. An update counts as taken after its handler returned.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import structlog
from aiogram import Bot, Dispatcher
from aiogram.exceptions import (
    AiogramError,
    TelegramConflictError,
    TelegramRetryAfter,
    TelegramUnauthorizedError,
)
from aiogram.types import BotCommand, Update

from hackai_notifier.bot import (
    buttons,
    cameras,
    disarm,
    drill,
    errors,
    fallback,
    incidents,
    login,
    membership,
    snooze,
    start,
    status,
    web_code,
)
from hackai_notifier.bot.context import BotContext
from hackai_notifier.bot.gate import Gate
from hackai_notifier.bot.migration import GroupMoves
from hackai_notifier.delivery.retry import CREDENTIALS_DELAY_S, backoff_s
from hackai_notifier.stopping import pause, unless
from hackai_shared.health import CheckResult

log = structlog.get_logger(__name__)

POLL_S = 25
# A long poll returns after POLL_S at the latest.
SILENT_FOR_S = 90.0
LONGEST_DELAY_S = 10.0
# An answer that is being given when the service stops may be finished.
FINISH_S = 1.5


class PollingState:
    """What readiness says about polling."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._last = clock()
        self._trouble: str | None = None

    def succeeded(self) -> None:
        """Note that Telegram answered."""
        self._last = self._clock()
        self._trouble = None

    def failed(self, reason: str, *, at_once: bool) -> None:
        """Note a failure; ``at_once``: it will not pass by itself."""
        if at_once:
            self._trouble = reason

    def check(self) -> CheckResult:
        """Return whether commands and buttons reach us."""
        if self._trouble is not None:
            return CheckResult(False, self._trouble)
        age = self._clock() - self._last
        return CheckResult(age <= SILENT_FOR_S, f"Telegram last answered {age:.0f} s ago")


def create_dispatcher(context: BotContext, *, reported: Callable[[], None]) -> Dispatcher:
    """Return the dispatcher with all routers behind the gate."""
    dispatcher = Dispatcher(context=context)
    gate = Gate(reported=reported)
    dispatcher.message.outer_middleware(GroupMoves())
    dispatcher.message.outer_middleware(gate)
    dispatcher.callback_query.outer_middleware(gate)
    if context.login_flow is not None:
        dispatcher.include_router(login.create_router(context.login_flow))
    if context.dashboard is not None:
        dispatcher.include_router(web_code.create_router(context.dashboard))
    for feature in (errors, membership, start, status, cameras, incidents, snooze, disarm, drill, buttons, fallback):
        dispatcher.include_router(feature.create_router())
    return dispatcher


class Poller:
    """Takes updates and hands them to the dispatcher, over outages."""

    def __init__(self, bot: Bot, dispatcher: Dispatcher, state: PollingState, commands: list[BotCommand]) -> None:
        self._commands = commands
        self._bot = bot
        self._dispatcher = dispatcher
        self._state = state
        self._offset: int | None = None
        self._greeted = False

    async def run(self, stop: asyncio.Event) -> None:
        """Poll until ``stop`` is set."""
        failures = 0
        while not stop.is_set():
            try:
                updates = await unless(stop, self._poll())
            except TelegramRetryAfter as error:
                delay = float(error.retry_after)
            except TelegramConflictError as error:
                failures += 1
                log.error(
                    "CONFLICT: another program polls with the same bot token; alarms still go out, but commands and "
                    "buttons may reach the other one. Stop it, or give each its own token.",
                    error=error.message,
                )
                self._state.failed(f"another program uses the same bot token: {error.message}", at_once=True)
                delay = _delay(failures)
            except TelegramUnauthorizedError as error:
                failures += 1
                log.error("the bot token is refused: was it revoked?", error=error.message)
                self._state.failed(f"the bot token is refused: {error.message}", at_once=True)
                delay = CREDENTIALS_DELAY_S
            except AiogramError as error:
                failures += 1
                log.warning("cannot poll Telegram, trying again", failures=failures, error=str(error))
                self._state.failed(str(error), at_once=False)
                delay = _delay(failures)
            else:
                failures = 0
                self._state.succeeded()
                if updates:
                    await unless(stop, self._handle(updates), finish_s=FINISH_S)
                continue
            await pause(stop, delay)
        await self._confirm()

    async def _poll(self) -> list[Update]:
        if not self._greeted:
            # A webhook that was set once makes every poll a conflict.
            await self._bot.delete_webhook()
            await self._bot.set_my_commands(self._commands)
            self._greeted = True
        return await self._bot.get_updates(
            offset=self._offset,
            timeout=POLL_S,
            allowed_updates=self._dispatcher.resolve_used_update_types(),
            request_timeout=POLL_S + 10,
        )

    async def _confirm(self) -> None:
        """Tell Telegram which updates were handled, so that they do not come again after the restart."""
        if self._offset is None:
            return
        try:
            await self._bot.get_updates(offset=self._offset, timeout=0, limit=1, request_timeout=1)
        except AiogramError as error:
            log.debug("handled updates will come again", error=str(error))

    async def _handle(self, updates: list[Update]) -> None:
        await asyncio.gather(*(self._feed(update) for update in updates))
        self._offset = max(update.update_id for update in updates) + 1

    async def _feed(self, update: Update) -> None:
        try:
            await self._dispatcher.feed_update(self._bot, update)
        except Exception:  # an update that breaks a handler must not come again for ever
            log.exception("update failed", update=update.update_id)


def _delay(failures: int) -> float:
    return min(LONGEST_DELAY_S, backoff_s(failures, 0.5))
