"""The page in a real Chromium, in front of `hackai up` with an emulated Telegram; cameras show our own pictures."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
import yaml

import service_access
from e2e.stack import RedisProcess
from hackai_standalone.ports import free_port
from telegram_emulator import TelegramEmulator

pytest.importorskip("playwright.async_api", reason="playwright is not installed (requirements-test.txt)")
from playwright.async_api import Browser, BrowserContext, Page, async_playwright
from playwright.async_api import Error as PlaywrightError

CHAT = 1001
SERVICES = ("camera", "inference", "notifier", "face_auth", "dashboard")
VIEWPORTS = {"desktop": {"width": 1440, "height": 900}, "phone": {"width": 390, "height": 844}}
READY_S = 240


@pytest.fixture(scope="session")
def chromium() -> str:
    path = os.environ.get("HACKAI_TEST_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.skip("there is no Chromium (apt install chromium, or HACKAI_TEST_CHROMIUM)")
    return path


@dataclass
class Box:
    """A running product."""

    url: str
    ports: dict[str, int]
    telegram: TelegramEmulator
    log: Path
    redis_url: str

    async def code(self, role: str = "admin", name: str = "Ada Lovelace") -> str:
        """A one-time code, as the bot gets it for a chat."""
        body = {"subject": f"telegram:{CHAT}", "name": name, "role": role}
        async with httpx.AsyncClient(headers=service_access.HEADERS) as http:
            answer = await http.post(f"{self.url}/v1/login-codes", json=body)
        return str(answer.json()["code"])

    def first_code(self) -> str:
        """The enrolment code that the face service prints at its first start."""
        return re.findall(r"^ +((?:[A-Z2-9]{4}-){2}[A-Z2-9]{4})$", self.log.read_text(), re.MULTILINE)[-1]


def cameras(root: Path) -> dict[str, Any]:
    clip = root / "services/standalone/hackai_standalone/clip/demo.mp4"
    room = {"type": "pattern", "pattern": "room", "fps": 5}
    return {
        "workshop": {"name": "Workshop", "fps": 6, "source": {"type": "pyav", "url": str(clip), "loop": True}},
        "hall": {"name": "Hall", "fps": 5, "source": room},
        "cellar": {"name": "Cellar", "fps": 5, "source": room},
        "garden": {"name": "Garden", "source": {"type": "pyav", "url": "/clips/garden.mp4"}},
    }


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def box(root: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Box]:
    """Ends with the tests of this folder: nothing of it works, or is heard, beside the tests of other folders."""
    folder = tmp_path_factory.mktemp("box")
    valkey = RedisProcess(folder / "redis")
    await valkey.start()
    ports = {service: free_port() for service in (*SERVICES, "compression")}
    async with TelegramEmulator() as telegram:
        settings = {
            "cameras": cameras(root),
            "notifier": {
                "telegram": {"chats": [CHAT], "admins": [], "api_url": telegram.url, "login": "configuration"},
                "console": {"folder": str(folder / "incidents")},
                "clip_after_s": 2.0,
            },
            # Two movements, so that a looped clip answers one challenge in sixteen; nobody is locked out for trying.
            "faces": {"liveness": {"challenge_steps": 2}, "lockout": {"failures": 100}},
        }
        (folder / "config.yml").write_text(yaml.safe_dump(settings, sort_keys=False))
        environment = {
            **os.environ,
            **service_access.ENVIRONMENT,
            "HACKAI_MODELS_DIR": str(root / "models"),
            "HACKAI_TELEGRAM_TOKEN": telegram.token,
            "HACKAI_HEARTBEAT_S": "0.5",
            "HACKAI_REDIS_URL": valkey.url,
            "HACKAI_COMPRESSION_URL": f"http://127.0.0.1:{ports['compression']}",  # started by the test that needs it
            **{f"HACKAI_{name.upper()}_PORT": str(port) for name, port in ports.items()},
        }
        log = folder / "up.log"
        command = ["-m", "hackai_standalone", "up", "-c", str(folder / "config.yml"), "--data", str(folder / "data")]
        with log.open("wb") as output:
            process = await asyncio.create_subprocess_exec(
                sys.executable, *command, env=environment, stdout=output, stderr=output
            )
        url = f"http://127.0.0.1:{ports['dashboard']}"
        try:
            async with httpx.AsyncClient() as http, asyncio.timeout(READY_S):
                while True:
                    assert process.returncode is None, log.read_text()[-4000:]
                    try:
                        if (await http.get(f"{url}/healthz")).is_success:
                            break
                    except httpx.TransportError:
                        await asyncio.sleep(0.2)
            yield Box(url, ports, telegram, log, valkey.url)
        finally:
            if process.returncode is None:
                process.terminate()
            await asyncio.wait_for(process.wait(), 60)
            valkey.stop()


@asynccontextmanager
async def browser_with(chromium: str, clip: Path | None = None) -> AsyncIterator[Browser]:
    """A browser whose camera shows a clip (MJPEG, 30 frames a second)."""
    arguments = ["--no-sandbox", "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]
    if clip is not None:
        arguments.append(f"--use-file-for-fake-video-capture={clip}")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=arguments)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def browser(chromium: str) -> AsyncIterator[Browser]:
    async with browser_with(chromium) as it:
        yield it


@dataclass
class Watched:
    """A page, and whatever went wrong in it."""

    page: Page
    context: BrowserContext
    url: str
    trouble: list[str] = field(default_factory=list)

    async def goto(self, path: str) -> None:
        await self.page.goto(self.url + path)

    async def until(self, expression: str, *, seconds: float = 60) -> None:
        """Wait until an expression holds: Playwright's own wait evaluates strings, which our policy forbids pages."""
        async with asyncio.timeout(seconds):
            while True:
                # A page that is being left has no answer; the next one has.
                with contextlib.suppress(PlaywrightError):
                    if await self.page.evaluate(expression):
                        return
                await asyncio.sleep(0.1)

    async def weight(self) -> int:
        """Bytes of the page, its scripts and its styles, uncompressed; without pictures and streams."""
        return int(
            await self.page.evaluate(
                """() => [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
                .filter((entry) => entry.initiatorType === "navigation" || /[.](js|css|svg)$/.test(entry.name))
                .reduce((sum, entry) => sum + entry.decodedBodySize, 0)"""
            )
        )

    async def log_in(self, code: str) -> None:
        await self.goto("/login")
        await self.page.fill("#code", code)
        await self.page.get_by_role("button", name="Log in").click()
        await self.page.wait_for_url(self.url + "/")


async def watch(browser: Browser, url: str, *, size: str = "desktop", scheme: str = "dark") -> Watched:
    """A new window that writes down errors on the console, failed loads, and requests to anywhere else."""
    context = await browser.new_context(viewport=VIEWPORTS[size], color_scheme=scheme, locale="en-GB")  # type: ignore[arg-type]
    page = await context.new_page()
    watched = Watched(page, context, url)
    page.on("console", lambda m: watched.trouble.append(m.text) if m.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: watched.trouble.append(str(error)))

    def asked(request: Any) -> None:
        if not request.url.startswith((url, "blob:", "data:")):
            watched.trouble.append(f"asked {request.url}")

    page.on("request", asked)
    return watched
