"""Codes that let a browser in, from ``hackai login-code`` and from the bot, at a dashboard that runs as a process."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner, Result

import service_access
from hackai_dashboard.commands.login_code import app
from notifier_harness import CHAT, Site, running
from telegram_emulator import TelegramEmulator

CODE = re.compile(r"[A-Z2-9]{4}-[A-Z2-9]{4}")
STRANGER = 666


@pytest.fixture
async def telegram() -> AsyncIterator[TelegramEmulator]:
    async with TelegramEmulator() as emulator:
        yield emulator


@pytest.fixture
async def dashboard(tmp_path: Path, redis_url: str, free_port: int, telegram: TelegramEmulator) -> AsyncIterator[str]:
    """The address of a dashboard."""
    site = Site(tmp_path, redis_url, free_port)
    site.write_config({"telegram": {"chats": [CHAT], "api_url": telegram.url}})
    environment = {**site.environment(), "HACKAI_DASHBOARD_PORT": str(free_port)}
    log = tmp_path / "dashboard.log"
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "hackai_dashboard", env=environment, stdout=output, stderr=output
        )
    url = f"http://127.0.0.1:{free_port}"
    try:
        async with asyncio.timeout(60), httpx.AsyncClient() as http:
            while True:
                assert process.returncode is None, log.read_text()
                try:
                    await http.get(f"{url}/healthz")
                    break
                except httpx.TransportError:
                    await asyncio.sleep(0.05)
        yield url
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def let_in(url: str, code: str) -> str | None:
    """Type a code; return the page with which the browser is greeted, None for one that stays outside."""
    async with httpx.AsyncClient(base_url=url, headers={"origin": url, "accept": "text/html"}) as browser:
        await browser.post("/login/code", data={"code": code})
        page = await browser.get("/incidents")
        return page.text if page.status_code == 200 else None


async def command(*arguments: str, token: str | None = service_access.SERVICE_TOKEN, **environment: Any) -> Result:
    variables = {"HACKAI_SERVICE_TOKEN": token, "HACKAI_DASHBOARD_URL": None, **environment}
    return await asyncio.to_thread(CliRunner().invoke, app, list(arguments), env=variables)


async def test_the_command_lets_one_browser_in_once(dashboard: str) -> None:
    done = await command("--url", dashboard, "--name", "Grace", "--role", "viewer")
    assert done.exit_code == 0
    code = done.stdout.strip()
    assert CODE.fullmatch(code)
    page = await let_in(dashboard, code)
    assert page is not None
    assert "Grace" in page
    assert "viewer" in page
    assert await let_in(dashboard, code) is None


async def test_the_command_reads_the_secret_of_the_folder(dashboard: str, tmp_path: Path) -> None:
    (tmp_path / "service.token").write_text(service_access.SERVICE_TOKEN + "\n")
    done = await command("--data", str(tmp_path), token=None, HACKAI_DASHBOARD_URL=dashboard)
    assert CODE.fullmatch(done.stdout.strip())
    done = await command("--data", str(tmp_path / "elsewhere"), "--url", dashboard, token=None)
    assert done.exit_code == 2
    assert "cannot read the service token" in done.output


async def test_without_the_right_secret_there_is_no_code(dashboard: str) -> None:
    done = await command("--url", dashboard, token="another-secret-of-somebody-else-0123456789")
    assert done.exit_code == 1
    assert "gives no code" in done.output
    assert CODE.search(done.output) is None


async def test_a_dashboard_that_is_away_is_named(free_port: int) -> None:
    done = await command(HACKAI_DASHBOARD_PORT=str(free_port))
    assert done.exit_code == 1
    assert f"http://127.0.0.1:{free_port} gives no code" in done.output


async def ask(telegram: TelegramEmulator, text: str) -> str:
    before = len(telegram.journal.of("sendMessage", chat_id=CHAT))
    telegram.say(CHAT, text)
    return (await telegram.journal.wait_for("sendMessage", before + 1, chat_id=CHAT))[-1].text


async def test_the_bot_lets_a_browser_in_as_the_chat(
    dashboard: str, tmp_path: Path, redis_url: str, telegram: TelegramEmulator
) -> None:
    async with running(Site(tmp_path, redis_url, 0, dashboard_url=dashboard)):
        answer = await ask(telegram, "/code")
        found = CODE.search(answer)
        assert found is not None
        assert "within 2 minutes" in answer
        page = await let_in(dashboard, found[0])
        assert page is not None
        assert "operator" in page
        assert await let_in(dashboard, found[0]) is None
        telegram.say(STRANGER, "/code")
        (refused,) = await telegram.journal.wait_for("sendMessage", 1, chat_id=STRANGER)
        assert CODE.search(refused.text) is None


async def test_the_bot_says_that_the_dashboard_is_away(
    dashboard: str, tmp_path: Path, redis_url: str, telegram: TelegramEmulator
) -> None:
    async with running(Site(tmp_path, redis_url, 0, dashboard_url="http://127.0.0.1:9")):
        assert "gives no code now" in await ask(telegram, "/code")
