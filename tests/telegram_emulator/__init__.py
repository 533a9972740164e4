"""A Telegram Bot API server for tests: the methods that the bot uses, Telegram's limits, scripted failures, a journal.

In a test: ``async with TelegramEmulator() as telegram: … Bot(api=telegram.url)``. As a process of its own:
``PYTHONPATH=tests python -m telegram_emulator --port 8090`` with the control API of :mod:`telegram_emulator.control`.
"""

from telegram_emulator.faults import Fault
from telegram_emulator.journal import Call
from telegram_emulator.server import TOKEN, TelegramEmulator

__all__ = ["TOKEN", "Call", "Fault", "TelegramEmulator"]
