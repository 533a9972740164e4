"""A chat that is added, returns or is there again while something burns hears of it at once; cameras that are gone."""

from __future__ import annotations

from typing import Any

import yaml

from hackai_shared.bus import Bus
from notifier_harness import ADMIN, CHAT, OTHER_CHAT, Site, incident, jpeg, later, raise_incident, running
from telegram_emulator import TelegramEmulator


def configure(site: Site, telegram: TelegramEmulator, *chats: int) -> None:
    site.write_config(
        {
            "telegram": {"chats": list(chats), "admins": [ADMIN], "api_url": telegram.url},
            "console": {"folder": str(site.pictures)},
            "timezone": "UTC",
        }
    )


def rings(call: Any) -> bool:
    return call.params.get("disable_notification") not in (True, "true", "True")


async def test_a_chat_that_is_added_hears_of_what_burns_and_of_nothing_else(
    bus: Bus, site: Site, telegram: TelegramEmulator
) -> None:
    configure(site, telegram, CHAT)
    async with running(site):
        over = await raise_incident(bus, incident(camera_id="kitchen", camera_name="Kitchen"), picture=jpeg())
        await raise_incident(bus, later(over, "cleared"))
        await raise_incident(bus, incident(), picture=jpeg("blue"))
        await telegram.journal.wait_for("sendMessage", 2, chat_id=CHAT)
    configure(site, telegram, CHAT, OTHER_CHAT)
    async with running(site):
        (text,) = await telegram.journal.wait_for("sendMessage", 1, chat_id=OTHER_CHAT)
        (photo,) = await telegram.journal.wait_for("sendPhoto", 1, chat_id=OTHER_CHAT)

    assert "FIRE · Front door" in text.text
    assert rings(text)
    assert telegram.buttons(OTHER_CHAT, text.result["message_id"])
    assert list(photo.files.values()) == [jpeg("blue")]


async def test_a_chat_that_had_blocked_the_bot_hears_when_it_is_back(
    bus: Bus, site: Site, telegram: TelegramEmulator
) -> None:
    telegram.fail(code=403, chat_id=CHAT)
    async with running(site):
        await raise_incident(bus, incident(), picture=jpeg())
        await telegram.journal.wait_for("sendMessage", 1, chat_id=ADMIN)  # the dead letter is reported
        telegram.script.clear()
        user = telegram.state.user(CHAT, "Ann")
        bot = {"id": 1, "is_bot": True, "first_name": "HackAI"}
        telegram.state.update(
            my_chat_member={
                "chat": telegram.state.chat(CHAT),
                "from": user,
                "date": 1,
                "old_chat_member": {"user": bot, "status": "kicked", "until_date": 0},
                "new_chat_member": {"user": bot, "status": "member"},
            }
        )
        (text,) = await telegram.journal.wait_for("sendMessage", 1, chat_id=CHAT)
        await telegram.journal.wait_for("sendPhoto", 1, chat_id=CHAT)

    assert "FIRE · Front door" in text.text


async def test_somebody_who_comes_back_to_a_fire_that_they_have_hears_how_it_is(
    bus: Bus, site: Site, telegram: TelegramEmulator
) -> None:
    async with running(site):
        await raise_incident(bus, incident(), picture=jpeg())
        await telegram.journal.wait_for("sendMessage", 1, chat_id=CHAT)
        telegram.say(CHAT, "/start")
        calls = await telegram.journal.wait_for("sendMessage", 3, chat_id=CHAT)

    again = next(call for call in calls if "STILL OPEN · FIRE" in call.text)
    assert "It is visible now." in again.text
    assert rings(again)


async def test_incidents_of_a_camera_that_is_gone_are_closed_with_the_reason(
    bus: Bus, site: Site, telegram: TelegramEmulator
) -> None:
    async with running(site):
        removed = await raise_incident(bus, incident(), picture=jpeg())
        disabled = await raise_incident(bus, incident(camera_id="kitchen", camera_name="Kitchen"), picture=jpeg())
        first, second = await telegram.journal.wait_for("sendMessage", 2, chat_id=CHAT)
    config = yaml.safe_load((site.folder / "config.yml").read_text())
    config["cameras"]["kitchen"]["enabled"] = False
    del config["cameras"]["front"]
    (site.folder / "config.yml").write_text(yaml.safe_dump(config))

    async with running(site) as notifier:
        for call, reason in ((first, "camera removed"), (second, "camera disabled")):
            shown = CHAT, call.result["message_id"]
            await telegram.journal.wait(lambda shown=shown, reason=reason: reason in telegram.state.text_of(*shown))
        found = {}
        for event in (removed, disabled):
            found[event.incident_id] = (await notifier.http.get(f"/v1/incidents/{event.incident_id}")).json()

    assert [one["open"] for one in found.values()] == [False, False]
    assert [one["closed_because"] for one in found.values()] == ["camera removed", "camera disabled"]
    assert "snooze" not in found[removed.incident_id]["actions"]
