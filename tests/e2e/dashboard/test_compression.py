"""A recipe through the page to the real job service, and what becomes of the job."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect
from tests.e2e.dashboard.conftest import Box, watch

import service_access

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(300)]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def job_service(box: Box, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Path]:
    """The API of the compression service, without a worker: jobs stay in the queue. Returns its folder of datasets."""
    folder = tmp_path_factory.mktemp("compression")
    (folder / "datasets" / "fire").mkdir(parents=True)
    environment = {
        **os.environ,
        **service_access.ENVIRONMENT,
        "HACKAI_REDIS_URL": box.redis_url,
        "HACKAI_COMPRESSION_PORT": str(box.ports["compression"]),
        "HACKAI_DATA_DIR": str(folder / "data"),
        "HACKAI_DATASETS_DIR": str(folder / "datasets"),
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", "from hackai_compression.main import main; main()", env=environment
    )
    try:
        async with httpx.AsyncClient() as http, asyncio.timeout(60):
            while True:
                assert process.returncode is None
                try:
                    await http.get(f"http://127.0.0.1:{box.ports['compression']}/healthz")
                    break
                except httpx.TransportError:
                    await asyncio.sleep(0.1)
        yield folder / "datasets"
    finally:
        process.terminate()
        await asyncio.wait_for(process.wait(), 30)


async def test_a_recipe_is_submitted_followed_and_cancelled(box: Box, browser: Browser, job_service: Path) -> None:
    window = await watch(browser, box.url)
    page = window.page
    await window.log_in(await box.code())

    await window.goto("/compression")
    await page.get_by_label("Recipe (YAML)").fill("name: nonsense\nsteps: [{do: melt}]")
    await page.get_by_role("button", name="Submit").click()
    await expect(page.get_by_role("alert")).to_contain_text("melt")

    await window.goto("/compression")  # with the example that the page offers
    await page.get_by_role("button", name="Submit").click()
    await expect(page).to_have_url(re.compile(r"/compression/[0-9a-f]+$"))
    await expect(page.locator("main")).to_contain_text("smaller")
    await expect(page.locator("main")).to_contain_text("queued")

    page.once("dialog", lambda dialog: dialog.accept())  # "Cancel this job?"
    await page.get_by_role("button", name="Cancel").click()
    await expect(page.locator("main")).to_contain_text("cancelled")
    await window.goto("/compression")
    await expect(page.get_by_role("table")).to_contain_text("cancelled")
    await window.context.close()
