"""The ways in: a face, a code from Telegram; and who stays outside."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import cv2
import httpx
import numpy as np
import pytest
from playwright.async_api import Browser
from tests.e2e.dashboard.conftest import CHAT, Box, watch
from tests.integration.face_auth.conftest import *  # noqa: F403 - engine, perform, faces_folder
from tests.integration.face_auth.conftest import Perform, as_jpeg

import service_access
from hackai_face_auth.liveness.steps import Movement, Pace, Step

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(500), pytest.mark.slow]

PERSON = "deepface_id07"


async def enrol(box: Box, path: Path) -> None:
    async with httpx.AsyncClient(headers=service_access.HEADERS, timeout=60) as http:
        answer = await http.post(
            f"http://127.0.0.1:{box.ports['face_auth']}/v1/enrolments",
            data={"name": "Ada Lovelace", "client": "dashboard:test", "code": box.first_code()},
            files=[("photos", ("ada.jpg", path.read_bytes(), "image/jpeg"))],
        )
    assert answer.status_code == 201, answer.text


async def pair(box: Box, http: httpx.AsyncClient) -> httpx.Response:
    """Log a browser in with a code, which pairs it."""
    return await http.post("/login/code", data={"code": await box.code(), "pair": "true"})


def page_of(box: Box) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=box.url, headers={"origin": box.url}, timeout=120)


async def answer(box: Box, http: httpx.AsyncClient, portrait: Path, perform: Perform) -> httpx.Response:
    """Do what the box asks for, as the page does."""
    asked = await http.post("/login/challenge")
    assert asked.status_code == 200, asked.text
    steps = [Step(Movement(one["movement"]), Pace(one["pace"])) for one in asked.json()["steps"]]
    film = await asyncio.to_thread(perform, np.asarray(cv2.imread(str(portrait)), np.uint8), steps)
    frames = [("frames", (f"{n}.jpg", as_jpeg(frame), "image/jpeg")) for n, frame in enumerate(film)]
    data = {"challenge_id": asked.json()["challenge_id"], "seconds": f"{len(film) / 8:.2f}"}
    return await http.post("/login/face", data=data, files=frames)


async def test_a_paired_browser_and_a_known_face_and_the_open_view_ends_with_the_session(
    box: Box, faces_folder: Path, perform: Perform
) -> None:
    portrait = faces_folder / "people" / PERSON / "img30.jpg"
    await enrol(box, portrait)
    async with page_of(box) as http:
        # Nobody is asked for a face before the browser is known.
        refused = await http.post("/login/challenge")
        assert (refused.status_code, refused.json()["type"]) == (403, "urn:hackai:problem:not-paired")
        made = await pair(box, http)
        device = next(value for value in made.headers.get_list("set-cookie") if value.startswith("hackai-device="))
        assert "HttpOnly" in device
        assert "SameSite=Strict" in device
        assert "Secure" not in device  # http; over https it has the prefix __Host- and Secure
        assert (await answer(box, http, portrait, perform)).status_code == 204
        page = (await http.get("/people", headers={"accept": "text/html"})).text
        assert "Ada Lovelace" in page
        assert "Chats and browsers" in page

        csrf = page.split('name="csrf" value="')[1].split('"')[0]
        person = re.findall(r"/people/([0-9a-f]{32})/revoke", page)[0]
        async with http.stream("GET", "/live/stream?fps=2") as view:
            parts = view.aiter_bytes()
            assert await anext(parts)
            ended = await http.post(f"/people/{person}/revoke", data={"csrf": csrf})
            assert ended.status_code == 303
            # The view is closed by the box, within five seconds.
            async with asyncio.timeout(5):
                async for _ in parts:
                    pass
        assert "/login" in (await http.get("/people", headers={"accept": "text/html"})).headers["location"]


async def test_a_stranger_stays_outside(box: Box, browser: Browser, faces_folder: Path, perform: Perform) -> None:
    window = await watch(browser, box.url)
    await window.goto("/login")
    await window.page.get_by_text("This browser is not paired").wait_for()
    assert await window.page.locator("#begin").count() == 0
    await window.goto("/incidents")
    assert "/login" in window.page.url
    await window.context.close()
    async with page_of(box) as http:
        await pair(box, http)
        stranger = sorted((faces_folder / "impostors").glob("*.jpg"))[0]
        assert (await answer(box, http, stranger, perform)).status_code == 403


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
