"""People talk to the bot: commands, buttons, and strangers at the door."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from hackai_notifier.texts.wording import STILL_RINGS
from hackai_shared.bus import Bus, names
from hackai_shared.messages import AuditRecord, CameraStatus, Command, ServiceStatus
from notifier_harness import CHAT, OTHER_CHAT, Running, Site, incident, jpeg, raise_incident, running
from telegram_emulator import Call, TelegramEmulator

STRANGER = 666


@pytest.fixture
async def notifier(site: Site) -> AsyncIterator[Running]:
    async with running(site) as it:
        yield it


async def ask(telegram: TelegramEmulator, text: str, *, chat: int = CHAT) -> str:
    """Say something and return the answer."""
    before = len(telegram.journal.of("sendMessage", chat_id=chat))
    telegram.say(chat, text)
    calls = await telegram.journal.wait_for("sendMessage", before + 1, chat_id=chat)
    return calls[-1].text


async def press(telegram: TelegramEmulator, text: Call, label: str, *, user_id: int | None = None) -> str:
    """Press the button with a label under a text; return what the person is told."""
    chat, message = int(text.params["chat_id"]), int(text.result["message_id"])
    data = telegram.buttons(chat, message)[label]
    return await press_data(telegram, chat, message, data, user_id=user_id)


async def press_data(
    telegram: TelegramEmulator, chat: int, message: int, data: str, *, user_id: int | None = None
) -> str:
    query = telegram.press(chat, message, data, user_id=user_id)
    await telegram.journal.wait(lambda: bool(telegram.state.callback_answers[query]))
    return str(telegram.state.callback_answers[query]["text"])


async def shown(telegram: TelegramEmulator, text: Call, part: str) -> str:
    """Wait until a message shows a text; return all of it."""
    key = int(text.params["chat_id"]), int(text.result["message_id"])
    await telegram.journal.wait(lambda: part in telegram.state.text_of(*key))
    return telegram.state.text_of(*key)


async def audit(bus: Bus, count: int) -> list[AuditRecord]:
    """Wait for a number of audit records."""
    async with asyncio.timeout(10):
        while await bus.client.xlen(names.AUDIT) < count:
            await asyncio.sleep(0.02)
    entries = await bus.client.xrange(names.AUDIT)
    return [AuditRecord.model_validate_json(fields[b"message"]) for _, fields in entries]


async def test_start_says_who_may_do_what(notifier: Running, telegram: TelegramEmulator) -> None:
    answer = await ask(telegram, "/start")

    assert "Hello Ann" in answer
    assert f"<code>{CHAT}</code>, role: <b>operator</b>" in answer
    assert "/snooze" in answer


async def test_a_stranger_is_refused_with_its_chat_id_and_audited_once_a_minute(
    notifier: Running, telegram: TelegramEmulator, bus: Bus
) -> None:
    answer = await ask(telegram, "/status", chat=STRANGER)
    telegram.say(STRANGER, "/status")
    await ask(telegram, "/start")

    assert f"<code>{STRANGER}</code>" in answer
    assert len(telegram.journal.of("sendMessage", chat_id=STRANGER)) == 1
    (record,) = await audit(bus, 1)
    assert (record.outcome, record.actor.id, record.target) == ("refused", str(STRANGER), "/status")


async def test_status_names_what_is_missing(notifier: Running, telegram: TelegramEmulator, bus: Bus) -> None:
    camera = CameraStatus(
        camera_id="front", name="Front door", state="running", source="pattern", epoch="e", frames=9, dropped=0,
        reconnects=0, fps=9.8, last_frame_age_s=0.1,
    )  # fmt: skip
    await bus.heartbeat(ServiceStatus(service="camera", instance="c", ready=True, cameras=[camera]), expires_s=30)

    answer = await ask(telegram, "/status")

    assert "🟢 camera: working" in answer
    assert "🔴 <b>inference</b>: does not respond" in answer
    assert (
        "🔴 <b>Front door</b> <code>front</code>: running, 9.8 fps, <b>not judged</b>, last picture 0.1 s ago" in answer
    )
    assert "🔴 <b>Kitchen</b> <code>kitchen</code>: the camera service does not respond" in answer
    assert "Outbox: 0 waiting" in answer


async def test_what_is_not_understood_is_answered(notifier: Running, telegram: TelegramEmulator) -> None:
    assert await ask(telegram, "is it burning?") == "Unknown command. /help lists all commands."


async def test_cameras_are_listed(notifier: Running, telegram: TelegramEmulator) -> None:
    answer = await ask(telegram, "/cameras")

    assert answer.count("\n") == 1
    assert "Kitchen" in answer


async def test_a_snapshot_is_fetched_from_the_camera_service(bus: Bus, site: Site, telegram: TelegramEmulator) -> None:
    app = web.Application()
    picture = jpeg("green")

    async def snapshot(_request: web.Request) -> web.Response:
        return web.Response(body=picture, content_type="image/jpeg")

    app.router.add_get("/v1/cameras/kitchen/snapshot.jpg", snapshot)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    async with running(Site(site.folder, site.redis_url, site.port, camera_url=url)):
        telegram.say(CHAT, "/snapshot Kitchen")
        (photo,) = await telegram.journal.wait_for("sendPhoto", 1, chat_id=CHAT)
        gone = await ask(telegram, "/snapshot front")
        unknown = await ask(telegram, "/snapshot <attic>")
    await runner.cleanup()

    assert list(photo.files.values()) == [picture]
    assert gone.startswith("No picture from <b>Front door</b>: camera service answered 404")
    assert "There is no camera “&lt;attic&gt;”" in unknown
    assert "<code>front</code>, <code>kitchen</code>" in unknown


async def test_acknowledge_is_shown_to_all_audited_and_told_to_the_other_services(
    notifier: Running, telegram: TelegramEmulator, bus: Bus
) -> None:
    event = await raise_incident(bus, incident(), picture=jpeg())
    (text,) = await telegram.journal.wait_for("sendMessage", 1, chat_id=CHAT)
    (other,) = await telegram.journal.wait_for("sendMessage", 1, chat_id=OTHER_CHAT)

    assert await press(telegram, text, "✅ Acknowledge") == "Acknowledged."
    assert "✅ Acknowledged by Ann at" in await shown(telegram, text, "Acknowledged by")
    await shown(telegram, other, "Acknowledged by Ann")
    again = await press_data(
        telegram, OTHER_CHAT, other.result["message_id"], f"i:acknowledge:{event.incident_id}", user_id=OTHER_CHAT
    )

    assert again == "Already acknowledged by Ann."
    assert "✅ Acknowledge" not in telegram.buttons(CHAT, text.result["message_id"])
    record = (await audit(bus, 1))[0]
    assert (record.action, record.target, record.outcome) == ("acknowledge", event.incident_id, "allowed")
    assert (record.actor.id, record.actor.proof) == (str(CHAT), "configuration")
    entry = (await bus.client.xrange(names.COMMANDS))[0]
    assert Command.model_validate_json(entry[1][b"message"]).action == "acknowledge"


async def test_a_stranger_cannot_press_a_button(notifier: Running, telegram: TelegramEmulator, bus: Bus) -> None:
    event = await raise_incident(bus, incident(), picture=jpeg())
    (text,) = await telegram.journal.wait_for("sendMessage", 1, chat_id=CHAT)

    answer = await press(telegram, text, "🚫 False alarm", user_id=STRANGER)

    assert answer == (
        f"This is a private HackAI bot. To use it, ask its administrator to add chat id {STRANGER} "
        "under notifier.telegram.chats."
    )
    (record,) = await audit(bus, 1)
    assert (record.outcome, record.actor.id) == ("refused", str(STRANGER))
    view = (await notifier.http.get(f"/v1/incidents/{event.incident_id}")).json()
    assert view["false_alarm"] is None


async def test_a_false_alarm_becomes_a_labelled_picture(
    notifier: Running, telegram: TelegramEmulator, bus: Bus, site: Site
) -> None:
    picture = jpeg("purple")
    event = await raise_incident(bus, incident(), picture=picture)
    (text,) = await telegram.journal.wait_for("sendMessage", 1, chat_id=CHAT)

    await press(telegram, text, "🚫 False alarm")

    await shown(telegram, text, "False alarm · Front door")
    folder = site.folder / "data" / "feedback" / "false_alarm"
    assert (folder / f"{event.incident_id}.jpg").read_bytes() == picture
    assert '"label": "no_fire"' in (folder / "labels.jsonl").read_text()


async def test_a_false_alarm_can_be_undone(notifier: Running, telegram: TelegramEmulator, bus: Bus, site: Site) -> None:
    event = await raise_incident(bus, incident(), picture=jpeg("purple"))
    (text,) = await telegram.journal.wait_for("sendMessage", 1, chat_id=CHAT)
    await press(telegram, text, "🚫 False alarm")
    await shown(telegram, text, "False alarm · Front door")
    message = text.result["message_id"]
    await telegram.journal.wait(lambda: list(telegram.buttons(CHAT, message)) == ["↩️ Not a false alarm"])

    answer = await press(telegram, text, "↩️ Not a false alarm")

    assert answer == "No longer a false alarm. It alerts again until somebody acknowledges it."
    await shown(telegram, text, "FIRE · Front door")
    await telegram.journal.wait(
        lambda: list(telegram.buttons(CHAT, message)) == ["✅ Acknowledge", "🚫 False alarm", "🔕 Snooze"]
    )
    assert not (site.folder / "data" / "feedback" / "false_alarm" / f"{event.incident_id}.jpg").exists()
    view = (await notifier.http.get(f"/v1/incidents/{event.incident_id}")).json()
    assert (view["false_alarm"], view["actions"]) == (None, ["acknowledge", "false_alarm", "snooze"])


async def test_a_snooze_survives_a_restart_and_can_be_ended(bus: Bus, site: Site, telegram: TelegramEmulator) -> None:
    async with running(site) as notifier:
        assert await ask(telegram, "/snooze kitchen 1h 30m") == (
            "Nothing to snooze: no open incident at kitchen. New alarms ring."
        )
        event = await raise_incident(bus, incident(camera_id="kitchen", camera_name="Kitchen", label="start_fire"))
        await telegram.journal.wait_for("sendMessage", 2, chat_id=CHAT)
        answer = await ask(telegram, "/snooze kitchen 1h 30m")
        assert answer == f"Kitchen: snoozed for 90 min. {STILL_RINGS}"
    async with running(site) as notifier:
        assert "Starting fire · Kitchen" in await ask(telegram, "/status")
        assert "snoozed until" in await ask(telegram, "/status")
        assert "Usage: /snooze" in await ask(telegram, "/snooze 3d")
        assert "There is no camera" in await ask(telegram, "/snooze attic 3m")
        assert await ask(telegram, "/snooze kitchen off") == "Snooze ended at kitchen: alarms ring again."
        view = (await notifier.http.get(f"/v1/incidents/{event.incident_id}")).json()
        assert view["snoozed"] is None


async def test_incidents_are_listed_with_their_state(notifier: Running, telegram: TelegramEmulator, bus: Bus) -> None:
    assert await ask(telegram, "/incidents") == "No incidents yet."
    event = await raise_incident(bus, incident())
    await telegram.journal.wait_for("sendMessage", 2, chat_id=CHAT)
    await notifier.http.post(f"/v1/incidents/{event.incident_id}/acknowledge", json={"by": "<Bob>"})

    answer = await ask(telegram, "/incidents")

    assert answer.endswith("Fire · Front door · 97 % · open, acknowledged by &lt;Bob&gt;")


async def test_the_bot_answers_while_redis_is_away(site: Site, telegram: TelegramEmulator, bus: Bus) -> None:
    async with running(site):
        event = await raise_incident(bus, incident())
        (text,) = await telegram.journal.wait_for("sendMessage", 1, chat_id=CHAT)
    away = Site(site.folder, "redis://127.0.0.1:9/0", site.port)
    async with running(away) as notifier:
        assert "Redis is unavailable" in await ask(telegram, "/status")
        assert await press(telegram, text, "✅ Acknowledge") == "Acknowledged."
        await shown(telegram, text, "Acknowledged by Ann")
        view = (await notifier.http.get(f"/v1/incidents/{event.incident_id}")).json()
    async with running(site):
        (record,) = await audit(bus, 1)

    assert view["acknowledged"]["by"] == "Ann"
    assert record.action == "acknowledge"


async def test_two_programs_on_one_token_are_reported_and_alarms_still_go_out(
    notifier: Running, telegram: TelegramEmulator, bus: Bus
) -> None:
    telegram.fail(code=409, method="getUpdates")
    telegram.say(CHAT, "/help")  # ends the poll that waits
    async with asyncio.timeout(10):
        while notifier.context.health.results()["telegram-polling"].ok:
            await asyncio.sleep(0.02)
    await raise_incident(bus, incident())
    await telegram.journal.wait(
        lambda: any("FIRE" in call.text for call in telegram.journal.of("sendMessage", chat_id=CHAT))
    )
    telegram.script.clear()
    async with asyncio.timeout(15):
        while not notifier.context.health.results()["telegram-polling"].ok:
            await asyncio.sleep(0.02)


async def test_an_unknown_button_is_answered(notifier: Running, telegram: TelegramEmulator, bus: Bus) -> None:
    await raise_incident(bus, incident())
    (text,) = await telegram.journal.wait_for("sendMessage", 1, chat_id=CHAT)

    answer = await press_data(telegram, CHAT, text.result["message_id"], "old:data")
    gone = await press_data(telegram, CHAT, text.result["message_id"], "i:acknowledge:" + "0" * 32)

    assert answer == "This button is no longer in use. /incidents lists what is open."
    assert gone == "This incident is no longer on record; /incidents lists the latest."


async def test_answers_keep_to_the_same_pace_as_alarms(notifier: Running, telegram: TelegramEmulator) -> None:
    for _ in range(5):
        telegram.say(CHAT, "/help")

    calls = await telegram.journal.wait_for("sendMessage", 5, chat_id=CHAT)

    # Three may follow each other at once, then one per second: Telegram never has to say 429.
    assert calls[4].at - calls[0].at >= 1.9
