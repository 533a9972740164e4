"""The ways in: a face, a code from Telegram; and who stays outside."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import cv2
import httpx
import numpy as np
import pytest
from playwright.async_api import Browser
from tests.e2e.dashboard.conftest import CHAT, Box, Watched, browser_with, watch
from tests.integration.face_auth.conftest import *  # noqa: F403 - engine, perform, faces_folder
from tests.integration.face_auth.conftest import Perform

import service_access

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(500), pytest.mark.slow]

PERSON = "deepface_id07"
MOVEMENT = "turn_left"


def film(frames: list[np.ndarray], path: Path) -> Path:
    """A clip for Chromium's fake camera: JPEG after JPEG at 30 frames a second, each shown for an eighth of one."""
    with path.open("wb") as clip:
        for frame in frames:
            even = frame[: frame.shape[0] // 2 * 2, : frame.shape[1] // 2 * 2]
            clip.write(cv2.imencode(".jpg", even, [cv2.IMWRITE_JPEG_QUALITY, 95])[1].tobytes() * 4)
    return path


def photo(path: Path) -> np.ndarray:
    return np.asarray(cv2.imread(str(path)), np.uint8)


async def show_face(window: Watched) -> str:
    """Try until the box asks for the movement that the clip shows, as a person would do it; return what is said."""
    page = window.page
    begin = page.locator("#begin")
    for _ in range(25):
        assert await page.locator("#face").count() == 1, (page.url, await page.locator("body").inner_text())
        await page.evaluate("delete document.querySelector('#face').dataset.challenge")
        await begin.click()
        await window.until(
            "document.querySelector('#face').dataset.challenge || !document.querySelector('#begin').disabled"
        )
        if await page.locator("#face").get_attribute("data-challenge") == MOVEMENT:
            # As text and as an arrow.
            await page.get_by_text("Turn your head to your left").wait_for(timeout=15_000)
            assert await page.locator("#arrow").is_visible()
            await window.until(
                "location.pathname !== '/login' || !document.querySelector('#begin').disabled", seconds=90
            )
            return "" if "/login" not in page.url else await page.locator("#say").inner_text()
        await page.reload()
        await page.wait_for_timeout(6_500)  # ten attempts a minute are allowed
    raise AssertionError("the challenge never came")


async def enrol(box: Box, path: Path) -> None:
    async with httpx.AsyncClient(headers=service_access.HEADERS, timeout=60) as http:
        answer = await http.post(
            f"http://127.0.0.1:{box.ports['face_auth']}/v1/enrolments",
            data={"name": "Ada Lovelace", "client": "dashboard:test", "code": box.first_code()},
            files=[("photos", ("ada.jpg", path.read_bytes(), "image/jpeg"))],
        )
    assert answer.status_code == 201, answer.text


async def test_a_known_face_is_let_in_and_its_session_can_be_ended(
    box: Box, chromium: str, faces_folder: Path, perform: Perform, tmp_path: Path
) -> None:
    portrait = faces_folder / "people" / PERSON / "img30.jpg"
    await enrol(box, portrait)
    clip = film(perform(photo(portrait), [MOVEMENT]), tmp_path / "ada.mjpeg")
    async with browser_with(chromium, clip) as browser:
        window = await watch(browser, box.url)
        page = window.page
        await window.goto("/login?next=/people")
        began = time.monotonic()
        said = await show_face(window)
        for _ in range(3):
            if not said:
                break
            await page.wait_for_timeout(6_500)
            began = time.monotonic()
            said = await show_face(window)
        assert said == ""
        print(f"logged in by face {time.monotonic() - began:.1f} s after the last attempt began")
        await (
            page.get_by_role("cell", name="Ada Lovelace")
            .or_(page.get_by_role("rowheader", name="Ada"))
            .first.wait_for()
        )
        cookies = await window.context.cookies()
        assert [(c["httpOnly"], c["sameSite"]) for c in cookies if c["name"] == "hackai"] == [(True, "Lax")]
        # An administrator ends the session somewhere else: the open page notices.
        page.on("dialog", lambda dialog: dialog.accept())
        await page.get_by_role("button", name="Log out Ada Lovelace everywhere").click()
        # Every service knows within a second; the next page is the way in.
        async with asyncio.timeout(30):
            while "/login" not in page.url:
                await window.goto("/people")


async def test_a_stranger_stays_outside(
    box: Box, chromium: str, faces_folder: Path, perform: Perform, tmp_path: Path
) -> None:
    stranger = sorted((faces_folder / "impostors").glob("*.jpg"))[0]
    clip = film(perform(photo(stranger), [MOVEMENT]), tmp_path / "stranger.mjpeg")
    async with browser_with(chromium, clip) as browser:
        window = await watch(browser, box.url)
        await window.goto("/login")
        said = await show_face(window)
        assert said.startswith("Not logged in:")
        assert await window.context.cookies() == []
        await window.goto("/incidents")
        assert "/login" in window.page.url


async def test_a_chat_that_is_logged_in_lets_a_browser_in_once(box: Box, browser: Browser) -> None:
    before = len(box.telegram.journal.of("sendMessage", chat_id=CHAT))
    box.telegram.say(CHAT, "/code")
    await box.telegram.journal.wait(
        lambda: any(
            "login page" in call.text for call in box.telegram.journal.of("sendMessage", chat_id=CHAT)[before:]
        ),
        timeout=60,
    )
    answer = next(c for c in box.telegram.journal.of("sendMessage", chat_id=CHAT)[before:] if "login page" in c.text)
    code = answer.text.split("<code>")[1].split("</code>")[0]
    window = await watch(browser, box.url)
    await window.log_in(code)
    assert await window.page.get_by_text("operator").count() >= 1
    await window.page.get_by_role("button", name="Log out").click()
    await window.page.wait_for_url("**/login")
    await window.page.fill("#code", code)
    await window.page.get_by_role("button", name="Log in").click()
    await window.page.get_by_role("alert").wait_for()
    await window.context.close()
