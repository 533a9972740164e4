"""Rights end with the identity: open streams, and what the notifier keeps of somebody who was deleted."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
import uvicorn
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi.responses import StreamingResponse
from pydantic import SecretStr

from hackai_notifier.clients.face_client import FaceClient
from hackai_notifier.delivery import outbox
from hackai_notifier.delivery.plan import PlannedStep
from hackai_notifier.inbound.departures import Departures
from hackai_notifier.people import chat_sessions
from hackai_notifier.people.access import ConfiguredAccess
from hackai_notifier.people.chat_sessions import ChatSession, FaceAccess
from hackai_notifier.people.login_flow import LoginFlow
from hackai_notifier.people.recipients import Recipient
from hackai_notifier.storage.database import Database
from hackai_notifier.storage.schema import MIGRATIONS
from hackai_shared.bus import Bus
from hackai_shared.health import Health
from hackai_shared.metrics import Metrics
from hackai_shared.security import (
    Gate,
    KeySet,
    RevocationList,
    Role,
    ServiceToken,
    SessionClaims,
    new_service_token,
    publish_revoked,
    sign_session,
)
from hackai_shared.security.enrolled import publish_enrolled, read_enrolled
from hackai_shared.security.tokens import LEEWAY_S
from hackai_shared.web import create_app

KEY = Ed25519PrivateKey.generate()
SERVICE = new_service_token()
STREAM = "/v1/cameras/front/stream.mjpg"


def claims(seconds: float = 600) -> SessionClaims:
    now = int(time.time())
    return SessionClaims(
        sub="ada",
        name="Ada",
        role=Role.VIEWER,
        jti=secrets.token_hex(16),
        iat=now,
        exp=int(now + seconds),
        auth_time=now,
    )


@asynccontextmanager
async def streaming(bus: Bus, port: int) -> AsyncIterator[str]:
    """A service on a real server whose live view says one thing and then nothing: only the gate can end it."""
    revoked = RevocationList(bus.client)
    gate = Gate(
        "camera", keys=KeySet.of(KEY.public_key()), service_token=ServiceToken(SecretStr(SERVICE)), revoked=revoked
    )
    app = create_app("camera", "", health=Health(), metrics=Metrics("camera_live"), gate=gate)

    @app.get("/v1/cameras/{camera_id}/stream.mjpg")
    async def stream(camera_id: str) -> StreamingResponse:
        async def parts() -> AsyncIterator[bytes]:
            yield camera_id.encode()
            await asyncio.Event().wait()

        return StreamingResponse(parts())

    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="warning", lifespan="off"))
    stop = asyncio.Event()
    tasks = [asyncio.create_task(server.serve()), asyncio.create_task(revoked.run(stop))]
    async with asyncio.timeout(10):
        while not server.started:
            await asyncio.sleep(0.01)
    yield f"http://127.0.0.1:{port}{STREAM}"
    stop.set()
    server.should_exit = True
    await asyncio.wait_for(asyncio.gather(*tasks), 10)


async def read_to_the_end(url: str, token: str) -> bytes:
    """What a live view says until it ends; each wait for more is bounded by five seconds."""
    seen = b""
    async with (
        httpx.AsyncClient(timeout=httpx.Timeout(10)) as http,
        http.stream("GET", url, headers={"Authorization": f"Bearer {token}"}) as answer,
    ):
        assert answer.status_code == 200
        async for part in answer.aiter_bytes():
            seen += part
    return seen


async def test_revocation_and_log_out_end_an_open_view(bus: Bus, free_port: int) -> None:
    async with streaming(bus, free_port) as url:
        mine, other = claims(), claims()
        view = asyncio.create_task(read_to_the_end(url, sign_session(mine, KEY)))
        untouched = asyncio.create_task(read_to_the_end(url, sign_session(other, KEY)))
        await publish_revoked(bus.client, {mine.jti: float(mine.exp)}, now=time.time())
        assert await asyncio.wait_for(view, 5) == b"front"
        assert not untouched.done()
        await publish_revoked(bus.client, {other.jti: float(other.exp)}, now=time.time())
        assert await asyncio.wait_for(untouched, 5) == b"front"


async def test_a_view_ends_with_the_token(bus: Bus, free_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    async with streaming(bus, free_port) as url:
        mine = claims(600)
        view = asyncio.create_task(read_to_the_end(url, sign_session(mine, KEY)))
        done, _ = await asyncio.wait({view}, timeout=1.5)
        assert not done
        later = mine.exp + LEEWAY_S
        monkeypatch.setattr("hackai_shared.security.gate.time.time", lambda: later)
        assert await asyncio.wait_for(view, 5) == b"front"


def session(chat_id: int, person_id: str) -> ChatSession:
    now = time.time() - 60
    return ChatSession(
        chat_id=chat_id, person_id=person_id, name="Ada", role=Role.ADMIN, jti="j", token="secret-token",
        authenticated_at=now, expires_at=now + 3600,
    )  # fmt: skip


async def test_the_notifier_forgets_whom_the_face_service_forgot(bus: Bus, tmp_path: Path) -> None:
    database = Database(tmp_path / "notifier.sqlite3", MIGRATIONS)
    await database.open()
    access = FaceAccess(ConfiguredAccess([1], []), set())
    faces = FaceClient("http://127.0.0.1:9", None)
    flow = LoginFlow(faces, access, database)
    for chat, person in ((1, "ada"), (5, "ada"), (6, "grace")):
        access.bind(session(chat, person))
        await database.run(lambda c, chat=chat, person=person: chat_sessions.save(c, session(chat, person)))
    await database.run(
        lambda c: c.execute(
            "INSERT INTO incidents (incident_id, camera_id, version, document) VALUES ('i', 'front', 1, '{}')"
        )
    )
    for chat in (1, 5, 6):
        steps = [PlannedStep("text", Recipient("telegram", str(chat)))]
        await database.run(lambda c, steps=steps: outbox.enqueue(c, "i", steps, 1))
    departures = Departures(bus.client, flow, database)

    await departures.compare()  # nobody said who is enrolled: nothing is forgotten
    assert len(await database.run(chat_sessions.load_all)) == 3
    await publish_enrolled(bus.client, {"grace"}, now=time.time())
    await departures.compare()

    assert [kept.person_id for kept in await database.run(chat_sessions.load_all)] == ["grace"]
    # The listed chat still gets its texts; the other one gets nothing more of this incident, nor of the next.
    told = await database.run(lambda c: outbox.told(c, "i"))
    assert [recipient.address for recipient in told] == ["1", "6"]
    assert [receiver.chat_id for receiver in access.receivers()] == [1, 6]
    await faces.close()
    await database.close()


async def test_a_list_that_cannot_be_read_forgets_nobody(bus: Bus) -> None:
    await bus.client.set("auth:enrolled", b"{")
    assert await read_enrolled(bus.client) is None
