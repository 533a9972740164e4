"""``/drill``: ordered from the phone, told as a drill, reported with the seconds of each leg."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from hackai_notifier.incident import drills
from hackai_shared.bus import Bus, names
from hackai_shared.messages import Command, FrameRef, IncidentEvent, utc_now
from hackai_shared.reserved import DRILL_CAMERA
from notifier_harness import ADMIN, CHAT, OTHER_CHAT, Running, Site, incident, jpeg, raise_incident, running
from telegram_emulator import TelegramEmulator


@pytest.fixture
async def notifier(site: Site) -> AsyncIterator[Running]:
    async with running(site) as it:
        yield it


def known_fire() -> IncidentEvent:
    frame = FrameRef(camera_id=DRILL_CAMERA, epoch="e" * 32, sequence=1, captured_at=utc_now(), stream_s=1.0)
    return incident(kind="drill", camera_id=DRILL_CAMERA, camera_name=DRILL_CAMERA, frame=frame)


async def texts(telegram: TelegramEmulator, chat: int, count: int) -> list[Any]:
    return await telegram.journal.wait_for("sendMessage", count, chat_id=chat)


async def ordered(bus: Bus) -> Command:
    async with asyncio.timeout(10):
        while not (entries := await bus.client.xrange(names.COMMANDS)):
            await asyncio.sleep(0.02)
    return Command.model_validate_json(entries[0][1][b"message"])


async def test_a_drill_reaches_the_phone_and_says_what_each_leg_took(
    notifier: Running, bus: Bus, telegram: TelegramEmulator
) -> None:
    # Whatever is snoozed: who orders a drill wants to hear it.
    await notifier.http.post("/v1/snooze", json={"duration_s": 600})
    telegram.say(CHAT, "/drill")
    (answer,) = await texts(telegram, CHAT, 1)
    await raise_incident(bus, known_fire(), picture=jpeg())

    _, alarm, report = await texts(telegram, CHAT, 3)
    _, other = await texts(telegram, OTHER_CHAT, 2)

    assert "a test fire is shown now" in answer.text
    assert "DRILL: FIRE · Drill" in alarm.text
    assert alarm.params.get("disable_notification") not in (True, "true", "True")
    assert "Drill passed" in report.text
    for leg in ("first frame to fire recognised", "recognised to notifier", f"notifier to telegram {CHAT}"):
        assert leg in report.text
    assert "Drill passed" in other.text
    telegram.say(CHAT, "/drill history")
    history = (await texts(telegram, CHAT, 4))[-1].text
    assert history.startswith("✅")
    assert history.endswith("by Ann")
    (view,) = (await notifier.http.get("/v1/drills")).json()
    assert (view["outcome"], view["by"]) == ("passed", "Ann")
    assert view["whole_s"] > 0


async def test_the_camera_service_is_told(notifier: Running, bus: Bus) -> None:
    answer = await notifier.http.post("/v1/drills", json={"by": "Ann"})

    assert answer.json()["outcome"] == "applied"
    assert (await ordered(bus)).action == "drill"
    assert (await notifier.http.post("/v1/drills")).json()["outcome"] == "repeated"


async def test_a_leg_that_is_missing_is_reported(
    notifier: Running, bus: Bus, telegram: TelegramEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drills, "LIMIT_S", 1.0)
    telegram.say(CHAT, "/drill")

    report = (await telegram.journal.wait_for("sendMessage", 1, chat_id=ADMIN))[0].text

    assert "Drill failed" in report
    assert "the camera service does not respond" in report


async def test_words_that_are_not_understood_start_no_drill(notifier: Running, telegram: TelegramEmulator) -> None:
    telegram.say(CHAT, "/drill now please")

    assert "/drill starts one" in (await texts(telegram, CHAT, 1))[0].text
    assert (await notifier.http.get("/v1/drills")).json() == []
