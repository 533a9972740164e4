"""Somebody watches: a fire arrives, is acknowledged, Telegram follows; a service that is away is shown as away."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest
from playwright.async_api import Browser
from tests.e2e.dashboard.conftest import CHAT, Box, watch

from e2e.stack import process_of
from hackai_shared.bus import Bus

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(400), pytest.mark.slow]


async def test_a_fire_arrives_is_acknowledged_and_telegram_follows(box: Box, browser: Browser) -> None:
    window = await watch(browser, box.url)
    page = window.page
    await window.log_in(await box.code("operator", "Grace Hopper"))
    banner = page.locator(".banner.fire").first
    await banner.wait_for(timeout=120_000)  # nobody reloads: it arrives on the stream
    incident = await banner.get_attribute("data-incident")
    # By its id: the clip goes round, and the next fire may come to the top at any moment.
    await page.locator(f"[data-incident='{incident}']").get_by_role("button", name="Acknowledge").click()
    await page.get_by_text("Acknowledged.").wait_for()
    state = box.telegram.state
    await box.telegram.journal.wait(
        lambda: any(
            "Grace Hopper" in state.text_of(CHAT, int(call.result["message_id"]))
            for call in box.telegram.journal.of("sendMessage", chat_id=CHAT)
        ),
        timeout=60,
    )
    await window.goto(f"/incidents/{incident}")
    await page.get_by_text("acknowledged by Grace Hopper").wait_for()
    await page.get_by_role("button", name="False alarm", exact=True).click()
    await page.get_by_text("marked as a false alarm by Grace Hopper").wait_for()
    await window.goto("/incidents?state=false_alarm")
    assert await page.locator("a.card").count() == 1
    await page.fill("[name=q]", "kitchen")
    await page.get_by_text("No incidents match this search").wait_for()
    assert window.trouble == []
    await window.context.close()


async def test_a_viewer_looks_and_orders_nothing(box: Box, browser: Browser) -> None:
    window = await watch(browser, box.url)
    await window.log_in(await box.code("viewer", "Guest"))
    await window.until("document.querySelector('canvas.view[data-sequence]') !== null")
    assert await window.page.get_by_role("button", name="Acknowledge").count() == 0
    assert await window.page.get_by_role("link", name="People").count() == 0
    assert window.trouble == []
    await window.context.close()


async def test_what_is_away_is_shown_as_away(box: Box, browser: Browser) -> None:
    window = await watch(browser, box.url)
    page = window.page
    await window.log_in(await box.code())
    await page.locator("[data-camera=garden] .veil", has_text="Offline").wait_for(timeout=60_000)
    pid = await _pid(box, "inference")
    os.kill(pid, signal.SIGSTOP)
    try:
        await window.goto("/system")
        await page.locator("section[aria-label=inference]", has_text="does not respond").wait_for(timeout=60_000)
    finally:
        os.kill(pid, signal.SIGCONT)
    await page.locator("section[aria-label=inference]", has_text="working").wait_for(timeout=60_000)
    await window.goto("/compression")
    await page.get_by_text("compression does not answer").wait_for()
    assert window.trouble == []
    await window.context.close()


async def test_keyboard_and_theme(box: Box, browser: Browser) -> None:
    window = await watch(browser, box.url, scheme="light")
    page = window.page
    await window.log_in(await box.code())
    await page.keyboard.press("Tab")
    assert await page.evaluate("document.activeElement.textContent") == "Skip to the content"
    await page.get_by_role("button", name="Switch between dark and light").click()
    await window.goto("/system")
    assert await page.evaluate("document.documentElement.dataset.theme") == "dark"  # without a flash: the box remembers
    await window.context.close()


async def _pid(box: Box, service: str) -> int:
    """The process id of a service, as soon as it shows a heartbeat."""
    async with Bus(box.redis_url) as bus, asyncio.timeout(30):
        while service not in {status.service for status in await bus.statuses()}:
            await asyncio.sleep(0.1)
    return process_of(service, box.ports[service]).pid
