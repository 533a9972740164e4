"""Orders that come over the bus: only what somebody provably gave has an effect, and every disarm is announced."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import time
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hackai_shared.bus import Bus, names
from hackai_shared.messages import Actor, AuditRecord, Command
from hackai_shared.security import Role, SessionClaims, sign_session, to_jwk
from notifier_harness import ADMIN, CHAT, OTHER_CHAT, Site, incident, raise_incident, running
from telegram_emulator import TelegramEmulator

pytestmark = pytest.mark.timeout(300)

KEY = Ed25519PrivateKey.generate()
FORGED = Actor(channel="telegram", id="1", name="Mallory", proof="session:" + "0" * 32)


@pytest.fixture
def guarded(site: Site, tmp_path: Path) -> Site:
    """A notifier that knows the public key of the face service."""
    path = tmp_path / "jwks.json"
    path.write_text(json.dumps({"keys": [to_jwk(KEY.public_key())]}))
    return dataclasses.replace(site, jwks_file=path)


def token() -> str:
    now = int(time.time())
    facts: dict[str, Any] = {
        "sub": "ada", "name": "Ada Lovelace", "role": Role.OPERATOR, "jti": "a" * 32, "iat": now, "exp": now + 600,
        "auth_time": now, "live": True,
    }  # fmt: skip
    return sign_session(SessionClaims.model_validate(facts), KEY)


def disarm(**changes: Any) -> Command:
    return Command.model_validate({"action": "disarm", "actor": FORGED, "duration_s": 3600.0, **changes})


async def audited(bus: Bus, outcome: str) -> AuditRecord:
    async with asyncio.timeout(20):
        while True:
            for _, fields in await bus.client.xrange(names.AUDIT):
                record = AuditRecord.model_validate_json(fields[b"message"])
                if record.action == "disarm" and record.outcome == outcome:
                    return record
            await asyncio.sleep(0.05)


def texts(telegram: TelegramEmulator, chat: int) -> list[str]:
    return [call.text for call in telegram.journal.of("sendMessage", chat_id=chat)]


async def test_an_order_that_nobody_proved_has_no_effect_is_audited_and_told(guarded: Site, bus: Bus) -> None:
    async with running(dataclasses.replace(guarded, telegram=False)) as notifier:
        for _ in range(3):
            await bus.append(names.COMMANDS, disarm(authorization="session:" + "0" * 32))
        record = await audited(bus, "refused")
        assert record.detail == "not a token"
        assert record.actor.proof == ""
        await notifier.delivered(1)  # told once, to the console

        await raise_incident(bus, incident())
        await notifier.delivered(2)  # the text of the fire, which nothing silenced
        found = (await notifier.http.get("/v1/incidents")).json()
        assert [one["camera_id"] for one in found] == ["front"]


async def test_a_disarm_with_a_session_is_announced_to_every_chat_with_a_button_that_ends_it(
    guarded: Site, bus: Bus, telegram: TelegramEmulator
) -> None:
    async with running(guarded):
        await bus.append(names.COMMANDS, disarm(authorization=token()))
        record = await audited(bus, "allowed")
        assert (record.actor.name, record.actor.proof) == ("Ada Lovelace", "session:" + "a" * 32)
        for chat in (CHAT, OTHER_CHAT, ADMIN):
            await telegram.journal.wait_for("sendMessage", 1, chat_id=chat)
            [text] = texts(telegram, chat)
            assert "DISARMED" in text
            assert "60 min" in text
            assert "Ada Lovelace with a face check" in text

        await raise_incident(bus, incident())
        message = telegram.journal.of("sendMessage", chat_id=CHAT)[0]
        [[button]] = message.params["reply_markup"]["inline_keyboard"]
        telegram.press(CHAT, int(message.result["message_id"]), button["callback_data"])
        async with asyncio.timeout(20):
            while not any("ARMED</b>" in text for text in texts(telegram, OTHER_CHAT)[1:]):
                await asyncio.sleep(0.05)
            while not any("FIRE · Front door" in text for text in texts(telegram, OTHER_CHAT)):
                await asyncio.sleep(0.05)


async def test_what_the_notifier_published_itself_holds_after_a_restart(
    guarded: Site, bus: Bus, telegram: TelegramEmulator
) -> None:
    async with running(guarded) as notifier:
        opened = await raise_incident(bus, incident())
        await notifier.delivered(1)
        answer = await notifier.http.post(f"/v1/incidents/{opened.incident_id}/acknowledge", json={"by": "desk"})
        assert answer.is_success
        async with asyncio.timeout(20):
            while not (entries := await bus.client.xrange(names.COMMANDS)):
                await asyncio.sleep(0.05)
    command = Command.model_validate_json(entries[0][1][b"message"])
    assert command.authorization.startswith("notifier:")
    again = command.model_copy(update={"command_id": "another"})
    async with running(guarded):
        await bus.append(names.COMMANDS, command)
        await bus.append(names.COMMANDS, again)  # our signature covers the id: a copy of it is a forgery
        async with asyncio.timeout(20):
            while not any("An order was rejected" in text for text in texts(telegram, ADMIN)):
                await asyncio.sleep(0.05)
    assert sum("An order was rejected" in text for text in texts(telegram, ADMIN)) == 1
