"""``python -m telegram_emulator --port 8090``: prints its address and serves until SIGTERM."""

from __future__ import annotations

import argparse
import asyncio
import signal

from telegram_emulator.control import add_control
from telegram_emulator.server import TOKEN, TelegramEmulator


async def _serve(host: str, port: int, token: str) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    emulator = TelegramEmulator(host=host, port=port, token=token)
    add_control(emulator)
    async with emulator:
        print(emulator.url, flush=True)
        await stop.wait()


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(prog="telegram_emulator", description="A Telegram Bot API server for tests.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=0, help="0: any free one")
    parser.add_argument("--token", default=TOKEN, help="the bot token that it accepts")
    options = parser.parse_args()
    asyncio.run(_serve(options.host, options.port, options.token))


if __name__ == "__main__":
    main()
