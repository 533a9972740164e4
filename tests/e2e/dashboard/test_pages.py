"""Each page in dark and light, on a desk and on a phone: reachable for everybody, quiet, small, and photographed.

``HACKAI_SCREENSHOTS=1`` writes the pictures to ``docs/images``.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.async_api import Browser
from tests.e2e.dashboard.conftest import Box, watch

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(600), pytest.mark.slow]
axe = pytest.importorskip("axe_playwright_python.async_playwright", reason="axe-playwright-python is not installed")

MAX_BYTES = 150_000
PAGES = {
    "login": "/login",
    "live": "/",
    "camera": "/cameras/workshop",
    "incidents": "/incidents",
    "incident": "",
    "models": "/models",
    "compression": "/compression",
    "system": "/system",
    "people": "/people",
}


@pytest.mark.parametrize("scheme", ["dark", "light"])
@pytest.mark.parametrize("size", ["desktop", "phone"])
async def test_every_page(box: Box, browser: Browser, root: Path, size: str, scheme: str) -> None:
    window = await watch(browser, box.url, size=size, scheme=scheme)
    page = window.page
    problems = []
    for name, path in PAGES.items():
        if name == "live":
            await window.log_in(await box.code())
        if name == "incident":
            await page.goto(box.url + "/incidents?kind=fire")
            await page.locator("a.card").first.wait_for(timeout=120_000)
            await page.locator("a.card").first.click()
            await page.locator(".strip canvas, .evidence .empty").last.wait_for(timeout=60_000)
        else:
            await window.goto(path)
        if name in ("live", "camera"):
            await window.until("performance.getEntriesByName('first-tile').length > 0")
            await page.wait_for_timeout(4000)  # so that the pictures show scores over time
        if name == "models":
            await page.select_option("[name=camera]", "workshop")
            await page.get_by_role("button", name="Compare").click()
            await window.until("parseInt(document.querySelector('#compared').textContent) >= 8", seconds=90)
        found = await axe.Axe().run(page)
        problems += [
            f"{name}: {rule['id']} {[node['html'][:90] for node in rule['nodes'][:3]]}"
            for rule in found.response["violations"]
        ]
        weight = await window.weight()
        if weight > MAX_BYTES:
            problems.append(f"{name}: {weight} bytes")
        if os.environ.get("HACKAI_SCREENSHOTS"):
            target = root / "docs/images" / f"dashboard-{name}-{scheme}-{size}.png"
            await page.screenshot(path=target, full_page=size == "desktop" and name != "live")
            print(name, size, scheme, weight, "bytes without pictures")
    await window.context.close()
    assert problems == []
    assert window.trouble == []
