"""Text, photo and clip of an incident reach every recipient, once, in order, whatever the receiver answers."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import web

from hackai_notifier.delivery import retry
from hackai_shared.bus import Bus, names
from hackai_shared.messages import DeliveryReport, Spot
from notifier_harness import (
    ADMIN,
    CHAT,
    EPOCH,
    OTHER_CHAT,
    Site,
    camera_service,
    incident,
    jpeg,
    later,
    raise_incident,
    running,
)
from telegram_emulator import TelegramEmulator


async def reports(bus: Bus) -> list[DeliveryReport]:
    entries = await bus.client.xrange(names.DELIVERIES)
    return [DeliveryReport.model_validate_json(fields[b"message"]) for _, fields in entries]


async def test_every_chat_gets_the_text_and_then_the_picture(bus: Bus, site: Site, telegram: TelegramEmulator) -> None:
    picture = jpeg()
    async with running(site) as notifier:
        event = await raise_incident(bus, incident(), picture=picture)
        await telegram.journal.wait_for("sendPhoto", 2)
        await notifier.delivered(6)

    for chat in (CHAT, OTHER_CHAT):
        text, photo = telegram.journal.of("sendMessage", "sendPhoto", chat_id=chat)
        assert text.method == "sendMessage"
        assert text.text.startswith("🔥 <b>FIRE · Front door</b> · 97 %")
        assert text.params["disable_notification"] == "false"
        assert list(photo.files.values()) == [picture]
        assert photo.params["reply_parameters"]["message_id"] == text.result["message_id"]
        assert photo.params["disable_notification"] == "true"
    assert (site.pictures / event.incident_id / "photo.jpg").read_bytes() == picture


async def test_every_result_is_reported_with_its_proof(bus: Bus, site: Site, telegram: TelegramEmulator) -> None:
    async with running(site) as notifier:
        event = await raise_incident(bus, incident(), picture=jpeg())
        async with asyncio.timeout(10):
            while len(await reports(bus)) < 6:
                await asyncio.sleep(0.02)
        assert (await notifier.summary())["waiting"] == 3  # the clips: there is no camera service to ask

    seen = {(report.step, report.channel, report.recipient): report for report in await reports(bus)}
    text = seen["text", "telegram", str(CHAT)]
    assert text.outcome == "delivered"
    assert text.message_id == str(telegram.journal.of("sendMessage", chat_id=CHAT)[0].result["message_id"])
    assert 0 <= text.latency_s < 60
    assert seen["photo", "console", "console"].detail == str(site.pictures / event.incident_id / "photo.jpg")
    assert seen["text", "console", "console"].outcome == "delivered"


async def test_a_clip_is_fetched_once_when_its_time_is_over(bus: Bus, site: Site, telegram: TelegramEmulator) -> None:
    asked: list[dict[str, str]] = []

    async def clip(request: web.Request) -> web.Response:
        asked.append(dict(request.query))
        return web.Response(status=425) if len(asked) == 1 else web.Response(body=b"an mp4", content_type="video/mp4")

    async with camera_service(clip) as url:
        async with running(Site(site.folder, site.redis_url, site.port, camera_url=url)) as notifier:
            event = await raise_incident(bus, incident(), picture=jpeg())
            await telegram.journal.wait_for("sendVideo", 2)
            await notifier.settled()

    assert asked == [{"from": "12.500", "to": "13.500", "epoch": EPOCH}] * 2
    assert [list(call.files.values()) for call in telegram.journal.of("sendVideo")] == [[b"an mp4"]] * 2
    assert (site.pictures / event.incident_id / "clip.mp4").read_bytes() == b"an mp4"


async def test_a_clip_that_is_gone_is_given_up_alone(bus: Bus, site: Site, telegram: TelegramEmulator) -> None:
    async def gone(_request: web.Request) -> web.Response:
        return web.json_response({"detail": "not in memory"}, status=404)

    async with camera_service(gone) as url:
        async with running(Site(site.folder, site.redis_url, site.port, camera_url=url)) as notifier:
            await raise_incident(bus, incident(), picture=jpeg())
            await telegram.journal.wait_for("sendPhoto", 2)
            summary = await notifier.settled()

    assert {(letter["step"], letter["reason"]) for letter in summary["dead_letters"]} == {
        ("clip", "camera service answered 404: not in memory")
    }
    assert len(telegram.journal.of("sendMessage", chat_id=CHAT)) == 1


async def test_two_incidents_arrive_in_their_order(bus: Bus, site: Site, telegram: TelegramEmulator) -> None:
    telegram.fail(code=500, chat_id=CHAT, times=2)
    async with running(site):
        await raise_incident(bus, incident(camera_name="First"), picture=jpeg())
        await raise_incident(bus, incident(camera_name="Second"), picture=jpeg("blue"))
        calls = await telegram.journal.wait_for("sendPhoto", 2, chat_id=CHAT)
        texts = telegram.journal.of("sendMessage", chat_id=CHAT)

    assert ["· First" in call.text for call in texts] == [True, False]
    assert ["· First" in call.text for call in calls] == [True, False]


async def test_a_message_is_edited_as_the_incident_develops_and_a_worsening_rings(
    bus: Bus, site: Site, telegram: TelegramEmulator
) -> None:
    async with running(site) as notifier:
        event = await raise_incident(bus, incident(label="start_fire"), picture=jpeg())
        (text,) = await telegram.journal.wait_for("sendMessage", 1, chat_id=CHAT)
        worse = await raise_incident(bus, later(event, "worsened", label="fire"), picture=jpeg("orange"))
        await telegram.journal.wait_for("sendMessage", 2, chat_id=CHAT)
        await raise_incident(bus, later(worse, "cleared", cleared_s=20.0))
        await telegram.journal.wait(lambda: "No longer seen" in telegram.state.text_of(CHAT, text.result["message_id"]))
        await telegram.journal.wait_for("sendPhoto", 2, chat_id=CHAT)
        assert (await notifier.summary())["dead"] == 0

    update = telegram.journal.of("sendMessage", chat_id=CHAT)[1]
    assert update.text.startswith("🔥 <b>OPEN FLAMES NOW · Front door</b>")
    assert update.params["disable_notification"] == "false"
    assert "Began as a starting fire." in telegram.state.text_of(CHAT, text.result["message_id"])


async def test_every_further_fire_rings_once_through_snooze_and_acknowledgement(
    bus: Bus, site: Site, telegram: TelegramEmulator
) -> None:
    spots = [Spot(x=0.1, y=0.9), Spot(x=0.9, y=0.1), Spot(x=0.5, y=0.5)]
    async with running(site) as notifier:
        event = await raise_incident(bus, incident(places=spots[:1]), picture=jpeg())
        (text,) = await telegram.journal.wait_for("sendMessage", 1, chat_id=CHAT)
        for order in ("acknowledge", "snooze"):
            body = {"duration_s": 600.0} if order == "snooze" else {}
            answer = await notifier.http.post(f"/v1/incidents/{event.incident_id}/{order}", json=body)
            assert answer.status_code == 200
        for count in (2, 3):
            event = await raise_incident(bus, later(event, "worsened", places=spots[:count]), picture=jpeg("orange"))
            await telegram.journal.wait_for("sendMessage", count, chat_id=CHAT)
            await telegram.journal.wait_for("sendPhoto", count, chat_id=CHAT)
            event = await raise_incident(bus, later(event, "updated", places=spots[:count]))
        await telegram.journal.wait(lambda: "At 3 places" in telegram.state.text_of(CHAT, text.result["message_id"]))
        known = (await notifier.http.get(f"/v1/incidents/{event.incident_id}")).json()

    calls = telegram.journal.of("sendMessage", chat_id=CHAT)[1:]
    assert [call.text.splitlines()[0] for call in calls] == [
        "🔥 <b>SECOND FIRE IN THE SAME PICTURE · Front door</b> · top right",
        "🔥 <b>THIRD FIRE IN THE SAME PICTURE · Front door</b> · middle",
    ]
    assert [call.params["disable_notification"] for call in calls] == ["false", "false"]
    assert known["acknowledged"] is None


async def test_a_repeated_stream_entry_changes_nothing(bus: Bus, site: Site, telegram: TelegramEmulator) -> None:
    event = incident()
    async with running(site):
        await raise_incident(bus, event, picture=jpeg())
        await raise_incident(bus, event, picture=jpeg())
        last = await raise_incident(bus, incident(camera_name="Last"))
        await telegram.journal.wait(
            lambda: any(last.camera_name in call.text for call in telegram.journal.of("sendMessage", chat_id=CHAT))
        )

    assert len(telegram.journal.of("sendMessage", chat_id=CHAT)) == 2


async def test_429_is_waited_out_exactly_and_by_that_chat_alone(
    bus: Bus, site: Site, telegram: TelegramEmulator
) -> None:
    telegram.fail(code=429, chat_id=CHAT, times=1, retry_after=2)
    async with running(site):
        await raise_incident(bus, incident(), picture=jpeg())
        refused, accepted = await telegram.journal.wait_for("sendMessage", 2, chat_id=CHAT, ok=None)
        (other,) = telegram.journal.of("sendMessage", chat_id=OTHER_CHAT)
        await telegram.journal.wait_for("sendPhoto", 1, chat_id=CHAT)

    assert refused.status == 429
    assert 2.0 <= accepted.at - refused.at < 3.0
    assert other.at - refused.at < 1.0


async def test_a_chat_that_blocked_the_bot_is_given_up_and_an_administrator_told_once(
    bus: Bus, site: Site, telegram: TelegramEmulator
) -> None:
    telegram.fail(code=403, chat_id=CHAT)
    async with running(site):
        await raise_incident(bus, incident(), picture=jpeg())
        (notice,) = await telegram.journal.wait_for("sendMessage", 1, chat_id=ADMIN)
        await telegram.journal.wait_for("sendPhoto", 1, chat_id=OTHER_CHAT)
        await telegram.journal.wait_for("sendPhoto", 1, chat_id=CHAT, ok=None)

    assert f"Not delivered: text to telegram {CHAT}" in notice.text
    assert "bot was blocked by the user" in notice.text
    assert len(telegram.journal.of("sendMessage", chat_id=CHAT, ok=None)) == 1
    assert len(telegram.journal.of("sendMessage", chat_id=ADMIN)) == 1


async def test_poison_does_not_block_what_is_behind_it(bus: Bus, site: Site, telegram: TelegramEmulator) -> None:
    telegram.fail(code=400, chat_id=CHAT, method="sendMessage", times=1, description="Bad Request: poison")
    async with running(site):
        await raise_incident(bus, incident(camera_name="Poison"))
        await raise_incident(bus, incident(camera_name="Healthy"))
        texts = await telegram.journal.wait_for("sendMessage", 1, chat_id=CHAT)

    assert "Healthy" in texts[0].text


async def test_poison_that_looks_like_an_outage_does_not_block_either(
    bus: Bus, site: Site, telegram: TelegramEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One text makes the server fail every time, all others pass: after some patience they overtake it."""
    monkeypatch.setattr(retry, "FIRST_DELAY_S", 0.005)
    telegram.fail(code=500, chat_id=CHAT, method="sendMessage", text="Poison")
    async with running(site) as notifier:
        await raise_incident(bus, incident(camera_name="Poison"), picture=jpeg())
        await raise_incident(bus, incident(camera_name="Second"))
        await raise_incident(bus, incident(camera_name="Third"))
        texts = await telegram.journal.wait_for("sendMessage", 2, chat_id=CHAT)
        await telegram.journal.wait_for("sendPhoto", 1, chat_id=CHAT)
        telegram.script.clear()
        late = (await telegram.journal.wait_for("sendMessage", 3, chat_id=CHAT))[-1]
        assert (await notifier.summary())["dead"] == 0

    assert ["Second" in texts[0].text, "Third" in texts[1].text, "Poison" in late.text] == [True] * 3


@pytest.mark.parametrize("kind", ["reset", "hang"])
async def test_a_lost_connection_is_tried_again(kind: str, bus: Bus, site: Site, telegram: TelegramEmulator) -> None:
    telegram.fail(kind=kind, chat_id=CHAT, times=2)
    async with running(Site(site.folder, site.redis_url, site.port, timeout_s=1.0)):
        await raise_incident(bus, incident())
        await telegram.journal.wait_for("sendMessage", 1, chat_id=CHAT)

    assert len(telegram.journal.of("sendMessage", chat_id=CHAT)) == 1


async def test_a_photo_that_telegram_refuses_goes_as_a_file(bus: Bus, site: Site, telegram: TelegramEmulator) -> None:
    broken = b"\xff\xd8 no picture \xff\xd9"
    async with running(site):
        await raise_incident(bus, incident(), picture=broken)
        (document,) = await telegram.journal.wait_for("sendDocument", 1, chat_id=CHAT)

    assert list(document.files.values()) == [broken]
    assert len(telegram.journal.of("sendMessage", chat_id=CHAT)) == 1


async def test_a_group_that_became_a_supergroup_is_followed(bus: Bus, site: Site, telegram: TelegramEmulator) -> None:
    new = -1001234567890
    telegram.fail(migrate_to=new, chat_id=CHAT)
    async with running(site):
        await raise_incident(bus, incident(), picture=jpeg())
        await telegram.journal.wait_for("sendPhoto", 1, chat_id=new)
        await raise_incident(bus, incident(camera_name="Second"), picture=jpeg())
        texts = await telegram.journal.wait_for("sendMessage", 2, chat_id=new)

    assert ["Second" in call.text for call in texts] == [False, True]
    assert len(telegram.journal.of("sendMessage", chat_id=CHAT, ok=None)) == 1


async def test_a_move_is_learned_from_its_announcement_and_no_alarm_dies(
    bus: Bus, site: Site, telegram: TelegramEmulator
) -> None:
    old, new = -4711, -1001234567891
    config = {"chats": [f"{old}"], "admins": [ADMIN], "api_url": telegram.url, "login": "configuration"}
    site.write_config({"telegram": config, "console": {"enabled": False}, "timezone": "UTC"})
    telegram.migrate(old, new, announced=False)
    async with running(site):
        await raise_incident(bus, incident(), picture=jpeg())
        await telegram.journal.wait_for("sendMessage", 1, chat_id=ADMIN)  # the old id answered 403: it was given up
        telegram.announce_move(old, new)
        await telegram.journal.wait_for("sendPhoto", 1, chat_id=new)
        await raise_incident(bus, incident(camera_name="Second"))
        texts = await telegram.journal.wait_for("sendMessage", 2, chat_id=new)
        telegram.say(new, "/status")
        await telegram.journal.wait_for("sendMessage", 3, chat_id=new)

    assert ["Second" in call.text for call in texts] == [False, True]


async def test_a_topic_of_a_forum_gets_text_and_pictures(bus: Bus, site: Site, telegram: TelegramEmulator) -> None:
    forum = -1001234567892
    config = {"chats": [f"{forum}/17"], "admins": [], "api_url": telegram.url, "login": "configuration"}
    site.write_config({"telegram": config, "console": {"enabled": False}, "timezone": "UTC"})
    telegram.open_topic(forum, 17)
    event = incident()
    async with running(site):
        await raise_incident(bus, event, picture=jpeg())
        (text,) = await telegram.journal.wait_for("sendMessage", 1, chat_id=forum)
        (photo,) = await telegram.journal.wait_for("sendPhoto", 1, chat_id=forum)
        await raise_incident(bus, later(event, "cleared", cleared_s=20.0))
        await telegram.journal.wait_for("editMessageText", 1, chat_id=forum)

    assert text.result["message_thread_id"] == photo.result["message_thread_id"] == 17
    assert photo.result["reply_to_message"]["message_id"] == text.result["message_id"]


async def test_a_webhook_that_answers_404_is_retried_and_administrators_hear_of_it_early(
    bus: Bus, site: Site, telegram: TelegramEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hackai_notifier.delivery.retry.FIRST_DELAY_S", 0.02)
    answers = iter([404] * 6)
    seen: list[str] = []

    async def hook(request: web.Request) -> web.Response:
        status = next(answers, 200)
        if status == 200:
            seen.append((await request.json())["step"])
        return web.Response(status=status)

    app = web.Application()
    app.router.add_post("/hook", hook)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    site.write_config(
        {
            "telegram": {"chats": [], "admins": [ADMIN], "api_url": telegram.url, "login": "configuration"},
            "webhooks": [{"name": "siren", "url": f"http://127.0.0.1:{runner.addresses[0][1]}/hook"}],
            "console": {"enabled": False},
            "timezone": "UTC",
        }
    )
    try:
        async with running(site):
            await raise_incident(bus, incident())
            (notice,) = await telegram.journal.wait_for("sendMessage", 1, chat_id=ADMIN)
            async with asyncio.timeout(20):
                while not seen:
                    await asyncio.sleep(0.02)
    finally:
        await runner.cleanup()

    assert "Not delivered yet: text to webhook siren" in notice.text
    assert "404" in notice.text
    assert seen == ["text"]


async def test_a_revoked_token_pauses_and_fails_readiness_but_loses_nothing(
    bus: Bus, site: Site, telegram: TelegramEmulator
) -> None:
    telegram.fail(code=401)
    async with running(site) as notifier:
        await raise_incident(bus, incident())
        await telegram.journal.wait_for("sendMessage", 1, chat_id=CHAT, ok=None)
        async with asyncio.timeout(5):
            while notifier.context.health.results()["telegram-token"].ok:
                await asyncio.sleep(0.02)
        summary = await notifier.summary()

    assert summary["dead"] == 0
    assert summary["waiting"] >= 1


async def test_without_a_token_the_console_tells(bus: Bus, site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    quiet = Site(site.folder, site.redis_url, site.port, telegram=False)
    async with running(quiet) as notifier:
        event = await raise_incident(bus, incident(), picture=jpeg())
        photo = site.pictures / event.incident_id / "photo.jpg"
        async with asyncio.timeout(10):
            while not photo.exists() or (await notifier.summary())["delivered"] < 2:
                await asyncio.sleep(0.02)

    out = capsys.readouterr().out
    assert "🔥 FIRE · Front door · 97 %" in out
    assert str(photo) in out
