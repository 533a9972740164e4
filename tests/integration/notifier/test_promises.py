"""Every promise that a text of chat or page makes, against the code that keeps it: one row each.

A row says where the promise is made (a piece of the text that people read), what happens then, and whether it rings.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest

from hackai_notifier.bot import snooze as snooze_command
from hackai_notifier.texts.wording import STILL_RINGS
from hackai_shared.bus import Bus
from hackai_shared.messages import IncidentEvent, Spot
from notifier_harness import CHAT, OTHER_CHAT, Running, Site, incident, jpeg, later, raise_incident, running
from telegram_emulator import TelegramEmulator

PLACES = [Spot(x=0.1, y=0.9), Spot(x=0.9, y=0.1)]
BUTTONS = ["✅ Acknowledge", "🚫 False alarm", "🔕 Snooze"]


@pytest.fixture
async def notifier(site: Site) -> AsyncIterator[Running]:
    async with running(site) as it:
        yield it


@dataclass
class Watch:
    """One chat, and a smoke that it was told of."""

    bus: Bus
    notifier: Running
    telegram: TelegramEmulator
    known: IncidentEvent

    @property
    def calls(self) -> list[Any]:
        return list(self.telegram.journal.of("sendMessage", chat_id=CHAT))

    async def order(self, action: str, **body: Any) -> str:
        path = f"/v1/incidents/{self.known.incident_id}/{action}"
        return str((await self.notifier.http.post(path, json=body)).json()["message"])

    async def happen(self, event: IncidentEvent) -> Any:
        """Raise an event; return the message that tells of it."""
        count = len(self.calls)
        await raise_incident(self.bus, event)
        return (await self.telegram.journal.wait_for("sendMessage", count + 1, chat_id=CHAT))[count]


@pytest.fixture
async def watch(bus: Bus, notifier: Running, telegram: TelegramEmulator) -> Watch:
    known = await raise_incident(bus, incident(label="start_fire", places=PLACES[:1], trend="steady"), picture=jpeg())
    await telegram.journal.wait_for("sendMessage", 1, chat_id=CHAT)
    return Watch(bus, notifier, telegram, known)


def rings(call: Any) -> bool:
    return call.params.get("disable_notification") not in (True, "true", "True")


Happening = Callable[[IncidentEvent], IncidentEvent]
# What STILL_RINGS, /help and docs/alarms.md promise, in the words of the message that keeps it.
STILL_RINGING: dict[str, tuple[Happening, str]] = {
    "a new fire": (lambda _known: incident(label="start_fire"), "STARTING FIRE · Front door"),
    "a second place": (
        lambda known: later(known, "worsened", places=PLACES),
        "SECOND STARTING FIRE IN THE SAME PICTURE · Front door",
    ),
    "one that grows": (lambda known: later(known, "updated", trend="growing"), "GROWING · Front door"),
    "one that gets worse": (lambda known: later(known, "worsened", label="fire"), "OPEN FLAMES NOW · Front door"),
    "a camera that is not watched": (
        lambda _known: incident(kind="not_judged", label="inference"),
        "CAMERA NOT WATCHED · Front door",
    ),
}


@pytest.mark.parametrize("how", ["button", "camera", "everything", "acknowledged"])
@pytest.mark.parametrize("promise", STILL_RINGING)
async def test_what_still_rings(watch: Watch, promise: str, how: str) -> None:
    if how == "button":
        assert STILL_RINGS in await watch.order("snooze", duration_s=600)
    elif how == "acknowledged":
        await watch.order("acknowledge")
    else:
        body = {"duration_s": 600, **({"camera_id": "front"} if how == "camera" else {})}
        answer = await watch.notifier.http.post("/v1/snooze", json=body)
        assert STILL_RINGS in answer.json()["message"]
    happening, words = STILL_RINGING[promise]

    call = await watch.happen(happening(watch.known))

    assert words in call.text
    assert rings(call)
    # The most urgent messages can be answered where they are read.
    assert list(watch.telegram.buttons(CHAT, call.result["message_id"]))


async def test_a_snooze_of_nothing_silences_nothing(notifier: Running, bus: Bus, telegram: TelegramEmulator) -> None:
    answer = (await notifier.http.post("/v1/snooze", json={"duration_s": 86_400})).json()
    assert answer["outcome"] == "nothing"
    assert answer["message"] == "Nothing to snooze: no open incident. New alarms ring."
    assert "a new fire always rings" in snooze_command.USAGE

    await raise_incident(bus, incident())
    (call,) = await telegram.journal.wait_for("sendMessage", 1, chat_id=CHAT)

    assert rings(call)


async def test_a_snooze_silences_what_is_known(watch: Watch) -> None:
    fault = incident(kind="camera_fault", label="covered", camera_id="kitchen")
    assert rings(await watch.happen(fault))
    await watch.notifier.http.post("/v1/snooze", json={"duration_s": 600})
    await raise_incident(watch.bus, later(fault, "cleared"))

    # The same trouble once more is known; another one is not.
    again = await watch.happen(incident(kind="camera_fault", label="covered", camera_id="kitchen"))
    other = await watch.happen(incident(kind="camera_fault", label="moved", camera_id="kitchen"))

    assert [rings(again), rings(other)] == [False, True]


async def test_a_growing_fire_is_told_once_while_it_grows(watch: Watch) -> None:
    await watch.order("acknowledge")
    growing = later(watch.known, "updated", trend="growing")
    await watch.happen(growing)
    more = later(growing, "updated", trend="growing", peak_score=0.99)
    await raise_incident(watch.bus, more)
    first = watch.calls[0].result["message_id"]
    await watch.telegram.journal.wait(lambda: "99 %" in watch.telegram.state.text_of(CHAT, first))

    assert sum("GROWING" in call.text for call in watch.calls) == 1


async def test_acknowledged_is_acknowledged_for_all_and_stops_the_reminders(watch: Watch) -> None:
    assert await watch.order("acknowledge", by="Ann") == "Acknowledged."
    view = (await watch.notifier.http.get(f"/v1/incidents/{watch.known.incident_id}")).json()

    assert view["acknowledged"]["by"] == "Ann"
    assert view["actions"] == ["false_alarm", "snooze"]
    await watch.telegram.journal.wait(
        lambda: all(
            list(watch.telegram.buttons(chat, call.result["message_id"])) == BUTTONS[1:]
            for chat in (CHAT, OTHER_CHAT)
            for call in watch.telegram.journal.of("sendMessage", chat_id=chat)
        )
    )


Order = Callable[[Watch], Awaitable[str]]


@pytest.mark.parametrize(
    ("orders", "buttons"),
    [
        ([], BUTTONS),
        (["acknowledge"], BUTTONS[1:]),
        (["snooze"], BUTTONS[:2]),
        (["false-alarm"], ["↩️ Not a false alarm"]),
        (["acknowledge", "false-alarm"], ["↩️ Not a false alarm"]),
        (["false-alarm", "undo-false-alarm"], BUTTONS),
        (["acknowledge", "false-alarm", "undo-false-alarm"], BUTTONS[1:]),
    ],
)
async def test_chat_and_page_offer_the_same(watch: Watch, orders: list[str], buttons: list[str]) -> None:
    for order in orders:
        await watch.order(order)
    view = (await watch.notifier.http.get(f"/v1/incidents/{watch.known.incident_id}")).json()
    (text,) = watch.calls

    await watch.telegram.journal.wait(lambda: list(watch.telegram.buttons(CHAT, text.result["message_id"])) == buttons)
    names = {"✅ Acknowledge": "acknowledge", "🚫 False alarm": "false_alarm", "🔕 Snooze": "snooze"}
    assert view["actions"] == [names.get(button, "undo_false_alarm") for button in buttons]


async def test_people_were_notified_names_them(watch: Watch) -> None:
    async with asyncio.timeout(10):
        while True:
            view = (await watch.notifier.http.get(f"/v1/incidents/{watch.known.incident_id}")).json()
            if len(view["notified"]) == 3:
                break
            await asyncio.sleep(0.02)

    assert view["notified"] == [f"User {CHAT}", f"User {OTHER_CHAT}", "console"]
