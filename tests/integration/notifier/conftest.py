"""A configured notifier beside an emulated Telegram."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from notifier_harness import ADMIN, CHAT, OTHER_CHAT, Site
from telegram_emulator import TelegramEmulator


@pytest.fixture
async def telegram() -> AsyncIterator[TelegramEmulator]:
    """An emulated Bot API server."""
    async with TelegramEmulator() as emulator:
        yield emulator


@pytest.fixture
def site(tmp_path: Path, redis_url: str, free_port: int, telegram: TelegramEmulator) -> Site:
    """Two chats, an administrator, console; clips of a second."""
    site = Site(tmp_path, redis_url, free_port)
    site.write_config(
        {
            "telegram": {"chats": [CHAT, OTHER_CHAT], "admins": [ADMIN], "api_url": telegram.url},
            "console": {"folder": str(site.pictures)},
            "clip_before_s": 0.5,
            "clip_after_s": 0.5,
            "timezone": "UTC",
        }
    )
    return site
