"""Chat, further chat, siren: in order, until somebody acknowledges, over a restart."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from aiohttp import web

import service_access
from hackai_shared.bus import Bus, names
from hackai_shared.messages import DeliveryReport
from notifier_harness import (
    ADMIN,
    CHAT,
    OTHER_CHAT,
    NotifierProcess,
    Site,
    incident,
    jpeg,
    later,
    raise_incident,
    running,
)
from telegram_emulator import TelegramEmulator


@dataclass
class Siren:
    """A real HTTP server that hears the webhook."""

    url: str = ""
    heard: list[dict[str, Any]] = field(default_factory=list)
    event: asyncio.Event = field(default_factory=asyncio.Event)

    async def until(self, count: int, timeout: float = 20) -> list[dict[str, Any]]:
        async with asyncio.timeout(timeout):
            while len(self.heard) < count:
                self.event.clear()
                await self.event.wait()
        return self.heard


@pytest.fixture
async def siren() -> AsyncIterator[Siren]:
    siren = Siren()

    async def hear(request: web.Request) -> web.Response:
        if request.content_type == "application/json":
            siren.heard.append(await request.json())
            siren.event.set()
        return web.Response()

    app = web.Application()
    app.router.add_post("/", hear)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    siren.url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
    yield siren
    await runner.cleanup()


@pytest.fixture
def climbing(site: Site, telegram: TelegramEmulator, siren: Siren) -> Site:
    """First one chat, soon another, then the siren."""
    configure(site, telegram, siren, 0.7, 1.6)
    return site


def configure(site: Site, telegram: TelegramEmulator, siren: Siren, *after_s: float) -> None:
    site.write_config(
        {
            "telegram": {
                "chats": [CHAT],
                "admins": [ADMIN],
                "api_url": telegram.url,
                "names": {OTHER_CHAT: "the neighbor"},
            },
            "console": {"folder": str(site.pictures)},
            "webhooks": [{"name": "siren", "url": siren.url}],
            "escalation": {
                "steps": [
                    {"after_s": after_s[0], "chats": [OTHER_CHAT]},
                    {"after_s": after_s[1], "webhooks": ["siren"]},
                ]
            },
            "timezone": "UTC",
        }
    )


async def acknowledge(site_http: httpx.AsyncClient, incident_id: str) -> None:
    answer = await site_http.post(f"/v1/incidents/{incident_id}/acknowledge", json={"by": "Ann"})
    assert answer.status_code == 200


async def reported(bus: Bus, step: str, recipient: int) -> None:
    """Wait until a delivery was noted: what a crash interrupts between sending and noting it is sent again."""
    async with asyncio.timeout(20):
        while True:
            entries = await bus.client.xrange(names.DELIVERIES)
            reports = [DeliveryReport.model_validate_json(fields[b"message"]) for _, fields in entries]
            if any((one.step, one.recipient) == (step, str(recipient)) for one in reports):
                return
            await asyncio.sleep(0.05)


async def test_three_steps_in_order(bus: Bus, climbing: Site, telegram: TelegramEmulator, siren: Siren) -> None:
    async with running(climbing):
        await raise_incident(bus, incident(), picture=jpeg())
        (first,) = await telegram.journal.wait_for("sendMessage", 1, chat_id=CHAT)
        (second,) = await telegram.journal.wait_for("sendMessage", 1, chat_id=OTHER_CHAT)
        assert siren.heard == []
        heard = await siren.until(1)
        chat = await telegram.journal.wait_for("sendMessage", 3, chat_id=CHAT)
        other = await telegram.journal.wait_for("sendMessage", 2, chat_id=OTHER_CHAT)
        await telegram.journal.wait_for("sendPhoto", 1, chat_id=OTHER_CHAT)

    assert "FIRE · Front door" in first.text
    assert "FIRE · Front door" in second.text
    assert (heard[0]["step"], heard[0]["open"], heard[0]["incident"]["label"]) == ("text", True, "fire")
    reminders = [call.text for call in chat[1:]]
    assert all("NOT ACKNOWLEDGED" in text for text in reminders)
    assert "Also alerted: the neighbor." in reminders[0]
    assert "Also alerted: siren." in reminders[1]
    assert "NOT ACKNOWLEDGED" in other[1].text
    assert not [call for call in chat if call.params.get("disable_notification") in (True, "true", "True")]


async def test_an_acknowledgement_stops_it_and_the_siren_hears_of_it(
    bus: Bus, climbing: Site, telegram: TelegramEmulator, siren: Siren
) -> None:
    async with running(climbing) as notifier:
        event = await raise_incident(bus, incident())
        await telegram.journal.wait_for("sendMessage", 1, chat_id=OTHER_CHAT)
        # The second chat is told later, and it may acknowledge.
        (text,) = telegram.journal.of("sendMessage", chat_id=OTHER_CHAT)
        buttons = telegram.buttons(OTHER_CHAT, int(text.result["message_id"]))
        telegram.press(OTHER_CHAT, int(text.result["message_id"]), buttons["✅ Acknowledge"])
        (first,) = [call for call in telegram.journal.of("sendMessage", chat_id=CHAT) if "NOT" not in call.text]
        shown = CHAT, int(first.result["message_id"])
        await telegram.journal.wait(lambda: "Acknowledged by" in telegram.state.text_of(*shown))
        await asyncio.sleep(1.5)  # nothing can be awaited that must not come
        view = (await notifier.http.get(f"/v1/incidents/{event.incident_id}")).json()

    assert view["acknowledged"]["by"]
    assert siren.heard == []


async def test_the_siren_is_told_to_stop(bus: Bus, climbing: Site, telegram: TelegramEmulator, siren: Siren) -> None:
    async with running(climbing) as notifier:
        event = await raise_incident(bus, incident())
        await siren.until(1)
        await acknowledge(notifier.http, event.incident_id)
        heard = await siren.until(2)

    assert (heard[-1]["step"], heard[-1]["acknowledged_by"]) == ("edit", "Ann")


async def test_it_goes_on_after_a_crash_and_stays_stopped_after_an_acknowledgement(
    bus: Bus, site: Site, telegram: TelegramEmulator, siren: Siren
) -> None:
    configure(site, telegram, siren, 1.0, 8.0)
    http = httpx.AsyncClient(base_url=f"http://127.0.0.1:{site.port}", headers=service_access.HEADERS, timeout=10)
    async with http, NotifierProcess(site) as process:
        event = await raise_incident(bus, incident())
        await telegram.journal.wait_for("sendMessage", 1, chat_id=OTHER_CHAT)
        await reported(bus, "text", OTHER_CHAT)
        await process.kill()
        assert siren.heard == []
        await process.start()

        heard = await siren.until(1)
        assert heard[0]["step"] == "text"
        assert len(alarms(telegram)) == 1  # told once, whatever crashed

        second = await raise_incident(bus, incident(camera_id="kitchen"))
        async with asyncio.timeout(10):
            while (await http.get(f"/v1/incidents/{second.incident_id}")).status_code != 200:
                await asyncio.sleep(0.02)
        await acknowledge(http, second.incident_id)
        await acknowledge(http, event.incident_id)
        before = len(siren.heard)
        await process.kill()
        await process.start()
        await asyncio.sleep(2.5)  # the first step of the second one would be due after one second

    assert not [heard for heard in siren.heard[before:] if heard["step"] == "reminder"]
    assert len(alarms(telegram)) == 1


def alarms(telegram: TelegramEmulator) -> list[str]:
    """The alarms that the second chat got."""
    texts = [call.text for call in telegram.journal.of("sendMessage", chat_id=OTHER_CHAT)]
    return [text for text in texts if "NOT ACKNOWLEDGED" not in text]


async def test_a_snooze_expires_and_is_broken_by_a_worsening(
    bus: Bus, site: Site, telegram: TelegramEmulator, siren: Siren
) -> None:
    configure(site, telegram, siren, 500, 600)
    async with running(site) as notifier:
        smoke = await raise_incident(bus, incident(label="start_fire"))
        await telegram.journal.wait_for("sendMessage", 1, chat_id=CHAT)
        answer = await notifier.http.post(f"/v1/incidents/{smoke.incident_id}/snooze", json={"duration_s": 1.5})
        assert answer.status_code == 200
        calls = await telegram.journal.wait_for("sendMessage", 2, chat_id=CHAT)
        assert "STILL BURNING · STARTING FIRE" in calls[1].text
        assert "The snooze is over" in calls[1].text

        answer = await notifier.http.post(f"/v1/incidents/{smoke.incident_id}/snooze", json={"duration_s": 600})
        worse = await raise_incident(bus, later(smoke, "worsened", label="fire"))
        calls = await telegram.journal.wait_for("sendMessage", 3, chat_id=CHAT)
        assert "OPEN FLAMES NOW" in calls[2].text
        await raise_incident(bus, later(worse, "cleared"))
        back = await raise_incident(bus, incident(label="fire"))
        calls = await telegram.journal.wait_for("sendMessage", 4, chat_id=CHAT)

    assert "It is back" in calls[3].text
    assert not [call for call in calls if call.params.get("disable_notification") in (True, "true", "True")]
    assert back.incident_id != smoke.incident_id


async def test_a_camera_that_is_blinded_by_its_fire_rings_no_second_time(
    bus: Bus, site: Site, telegram: TelegramEmulator, siren: Siren
) -> None:
    configure(site, telegram, siren, 500, 600)
    async with running(site):
        await raise_incident(bus, incident())
        await raise_incident(bus, incident(kind="camera_fault", label="covered"))
        await raise_incident(bus, incident(kind="camera_fault", label="offline", camera_id="kitchen"))
        calls = await telegram.journal.wait_for("sendMessage", 3, chat_id=CHAT)

    silent = [call.params.get("disable_notification") in (True, "true", "True") for call in calls]
    assert silent == [False, True, False]
