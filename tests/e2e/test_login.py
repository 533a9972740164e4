"""From an unknown chat to a disarmed house, with real faces: the bot, the face service and an emulated Telegram."""

from __future__ import annotations

import asyncio
import io
import os
import re
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import av
import cv2
import httpx
import numpy as np
import pytest
from tests.integration.face_auth.conftest import *  # noqa: F403 - engine, perform, antispoof_folder, faces_folder
from tests.integration.face_auth.conftest import Perform, Pixels

import service_access
from hackai_face_auth.liveness.steps import Movement, Pace, Step
from hackai_notifier.bot.login import _WORDS
from hackai_shared.bus import Bus, names
from hackai_shared.messages import AuditRecord
from notifier_harness import CHAT, Running, Site, incident, jpeg, later, raise_incident, running
from telegram_emulator import TelegramEmulator

ADA, STRANGER = 5001, 5002
# Python, OpenCV and the face models, on a busy machine.
START_S = 180.0
PERSON = "deepface_id07"

pytestmark = pytest.mark.timeout(500)


@dataclass
class House:
    """A running notifier and face service."""

    telegram: TelegramEmulator
    notifier: Running
    bus: Bus
    code: str
    perform: Perform
    portrait: Pixels

    async def log_in(self, chat: int, portrait: Pixels | None = None) -> str:
        """Ask for a challenge and send a head that answers it; return what is said."""
        said = await self.ask(chat, "/login")
        words = {text: Step(Movement(move), Pace(pace)) for (move, pace), text in _WORDS.items()}
        steps = [words[line.partition(". ")[2]] for line in said.splitlines() if line[:1].isdigit()]
        assert steps, said
        picture = self.portrait if portrait is None else portrait
        return await self.film(chat, await asyncio.to_thread(lambda: mp4(self.perform(picture, steps))))

    async def ask(self, chat: int, text: str) -> str:
        """Say something; return the answer."""
        before = self.received(chat, "sendMessage")
        self.telegram.say(chat, text)
        return await self._answer(chat, before)

    async def show(self, chat: int, picture: bytes, caption: str = "") -> str:
        """Send a photo; return the answer."""
        before = self.received(chat, "sendMessage")
        self.telegram.send_picture(chat, picture, caption=caption)
        return await self._answer(chat, before)

    async def film(self, chat: int, mp4: bytes) -> str:
        """Send a video note; return the answer."""
        before = self.received(chat, "sendMessage")
        state = self.telegram.state
        note = {**state.store_file(mp4), "length": 240, "duration": 5}
        state.update(message=state.message(chat, state.user(chat, "Ann"), video_note=note))
        return await self._answer(chat, before)

    async def _answer(self, chat: int, before: int) -> str:
        calls = await self.telegram.journal.wait_for("sendMessage", before + 1, chat_id=chat, timeout=60)
        return str(calls[-1].text)

    async def audit(self) -> list[AuditRecord]:
        entries = await self.bus.client.xrange(names.AUDIT)
        return [AuditRecord.model_validate_json(fields[b"message"]) for _, fields in entries]

    async def audited(self, action: str, outcome: str) -> AuditRecord:
        """Wait for an audit record."""
        async with asyncio.timeout(20):
            while True:
                for record in await self.audit():
                    if (record.action, record.outcome) == (action, outcome):
                        return record
                await asyncio.sleep(0.05)

    def received(self, chat: int, method: str) -> int:
        return len(self.telegram.journal.of(method, chat_id=chat))


@asynccontextmanager
async def face_service(folder: Path, redis_url: str, port: int, antispoof: Path) -> AsyncIterator[str]:
    """The face service as a process; yields the one-time code that it printed."""
    config = folder / "faces.yml"
    config.write_text(
        f"cameras: {{}}\nnotifier: {{telegram: {{chats: [{ADA}]}}}}\n"
        f"faces: {{liveness: {{antispoof_folder: '{antispoof}', challenge_steps: 2}}}}\n"
    )
    environment = {
        **os.environ,
        **service_access.ENVIRONMENT,
        "HACKAI_CONFIG": str(config),
        "HACKAI_REDIS_URL": redis_url,
        "HACKAI_DATA_DIR": str(folder / "faces"),
        "HACKAI_FACE_AUTH_PORT": str(port),
    }
    log = folder / "faces.log"
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "hackai_face_auth", env=environment, stderr=output, stdout=output
        )
    try:
        async with httpx.AsyncClient() as http, asyncio.timeout(START_S):
            while True:
                assert process.returncode is None, log.read_text()
                try:
                    if (await http.get(f"http://127.0.0.1:{port}/healthz")).is_success:
                        break
                except httpx.TransportError:
                    await asyncio.sleep(0.1)
        (code,) = re.findall(r"^ +((?:[A-Z2-9]{4}-){2}[A-Z2-9]{4})$", log.read_text(), re.MULTILINE)
        yield code
    finally:
        process.terminate()
        assert await asyncio.wait_for(process.wait(), 15) == 0


@pytest.fixture
async def telegram() -> AsyncIterator[TelegramEmulator]:
    async with TelegramEmulator() as emulator:
        yield emulator


@pytest.fixture
async def house(
    tmp_path: Path,
    redis_url: str,
    bus: Bus,
    free_port: int,
    telegram: TelegramEmulator,
    antispoof_folder: Path,
    perform: Perform,
    selfie: bytes,
) -> AsyncIterator[House]:
    pytest.importorskip("insightface", reason="insightface is not installed")
    site = Site(tmp_path, redis_url, 0, face_auth_url=f"http://127.0.0.1:{free_port}")
    site.write_config(
        {
            "telegram": {"chats": [CHAT], "admins": [], "api_url": telegram.url},
            "console": {"folder": str(site.pictures)},
            "clip_before_s": 0.5,
            "clip_after_s": 0.5,
        }
    )
    async with face_service(tmp_path, redis_url, free_port, antispoof_folder) as code, running(site) as notifier:
        picture = np.asarray(cv2.imdecode(np.frombuffer(selfie, np.uint8), cv2.IMREAD_COLOR), np.uint8)
        yield House(telegram, notifier, bus, code, perform, picture)


@pytest.fixture
def selfie(faces_folder: Path) -> bytes:
    return (faces_folder / "people" / PERSON / "img30.jpg").read_bytes()


def mp4(frames: list[Pixels], fps: int = 8) -> bytes:
    """Frames as a video note is sent."""
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as container:
        height, width = (side // 2 * 2 for side in frames[0].shape[:2])
        stream = container.add_stream("libx264", rate=fps, options={"crf": "14", "preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame[:height, :width].copy(), format="bgr24")))
        container.mux(stream.encode(None))
    return out.getvalue()


async def test_from_a_stranger_to_a_disarmed_house(house: House, selfie: bytes) -> None:
    assert "/login" in await house.ask(ADA, "/status")  # nobody yet
    enrolled = await house.show(ADA, selfie, f"/enroll {house.code} Ada Lovelace")
    assert "Ada Lovelace</b> is enrolled as admin" in enrolled
    assert "Hello <b>Ada Lovelace</b>! You are logged in as admin" in await house.log_in(ADA)
    assert (await house.audited("login", "allowed")).actor.id == str(ADA)
    assert "Ada Lovelace: admin" in await house.ask(ADA, "/people")

    await house.ask(ADA, "/disarm 30m")  # the answer, and what every chat is told: in whatever order
    for words in ("Disarmed for 30 min:", "By Ada Lovelace with a face check"):
        await house.telegram.journal.wait(
            lambda words=words: any(
                words in call.text for call in house.telegram.journal.of("sendMessage", chat_id=ADA)
            )
        )
    assert "DISARMED</b> by Ada Lovelace until" in await house.ask(ADA, "/status")
    record = await house.audited("disarm", "allowed")
    assert record.actor.proof.startswith("session:")
    assert record.actor.id == str(ADA)
    await house.ask(ADA, "/arm")
    await house.telegram.journal.wait(
        lambda: any("ARMED</b>" in call.text for call in house.telegram.journal.of("sendMessage", chat_id=CHAT))
    )
    assert "DISARMED" not in await house.ask(ADA, "/status")


async def test_a_stranger_gets_no_challenge_and_an_invitation_lets_one_in(house: House, selfie: bytes) -> None:
    await house.show(ADA, selfie, f"/enroll {house.code} Ada Lovelace")
    assert "logged in as admin" in await house.log_in(ADA)
    # The administrator's very face does not help an account that nobody invited.
    said = await house.ask(STRANGER, "/login")
    assert "private HackAI bot" in said
    assert "ideo note" not in said
    assert (await house.audited("challenge", "refused")).actor.id == str(STRANGER)
    assert "Disarmed" not in await house.ask(STRANGER, "/disarm 30m")

    invited = await house.ask(ADA, "/invite viewer")
    code = invited.split("<code>")[1].split("</code>")[0]
    assert "let in" in await house.ask(STRANGER, f"/join {code}")
    assert "video note" in await house.ask(STRANGER, "/login")
    assert "A photo is not enough" in await house.show(STRANGER, selfie)


async def test_who_gets_what(house: House, selfie: bytes) -> None:
    await house.show(ADA, selfie, f"/enroll {house.code} Ada")
    assert "logged in" in await house.log_in(ADA)

    # Logged in, or listed without a face: text and picture.
    await raise_incident(house.bus, incident(), picture=jpeg())
    await house.telegram.journal.wait_for("sendPhoto", 1, chat_id=ADA)
    await house.telegram.journal.wait_for("sendPhoto", 1, chat_id=CHAT)

    # Logged out and not listed: still the text, never silence.
    assert "Logged out" in await house.ask(ADA, "/logout")
    texts = house.received(ADA, "sendMessage")
    await raise_incident(house.bus, incident(camera_id="kitchen", camera_name="Kitchen"), picture=jpeg("blue"))
    await house.telegram.journal.wait_for("sendMessage", texts + 1, chat_id=ADA)
    await house.telegram.journal.wait_for("sendMessage", 2, chat_id=CHAT)
    assert house.received(ADA, "sendPhoto") == 1
    assert "Disarmed" not in await house.ask(ADA, "/disarm 30m")


async def test_disarmed_records_and_tells_at_the_end_and_open_incidents_go_on(house: House, selfie: bytes) -> None:
    await house.show(ADA, selfie, f"/enroll {house.code} Ada")
    await house.log_in(ADA)
    old = await raise_incident(house.bus, incident(label="start_fire"), picture=jpeg())
    await house.telegram.journal.wait_for("sendPhoto", 1, chat_id=ADA)

    answer = await house.ask(ADA, "/disarm 6s")
    assert "1 open incident cannot be disarmed and still alerts." in answer
    started = time.monotonic()
    texts = house.received(ADA, "sendMessage")
    await raise_incident(house.bus, later(old, "worsened", label="fire"), picture=jpeg("orange"))
    await house.telegram.journal.wait_for("sendMessage", texts + 1, chat_id=ADA)  # the open one still rings

    new = await raise_incident(house.bus, incident(camera_id="kitchen", camera_name="Kitchen"), picture=jpeg("blue"))
    async with asyncio.timeout(10):
        while (await house.notifier.http.get(f"/v1/incidents/{new.incident_id}")).status_code != 200:
            await asyncio.sleep(0.02)

    def about_kitchen() -> list[object]:
        return [call for call in house.telegram.journal.of("sendMessage", chat_id=ADA) if "Kitchen" in call.text]

    if time.monotonic() - started < 5.5:
        assert about_kitchen() == []  # recorded, not told
    # It ended by itself, and what is still open is told.
    await house.telegram.journal.wait(lambda: bool(about_kitchen()))
    assert time.monotonic() - started > 5.5


async def test_an_administrator_ends_sessions(house: House, selfie: bytes) -> None:
    await house.show(ADA, selfie, f"/enroll {house.code} Ada")
    await house.log_in(ADA)
    assert "1 session(s) of Ada ended" in await house.ask(ADA, "/revoke ada")
    async with asyncio.timeout(20):
        while "Ada: admin" in await house.ask(ADA, "/people"):
            await asyncio.sleep(0.1)
