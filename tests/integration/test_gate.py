"""The gate in a real application: who passes, and with which answer the others leave."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import Depends, FastAPI
from pydantic import SecretStr
from typing_extensions import Annotated  # noqa: UP035 - Python 3.8

from hackai_shared.bus import Bus
from hackai_shared.health import Health
from hackai_shared.metrics import Metrics
from hackai_shared.security import (
    Gate,
    KeySet,
    Principal,
    RevocationList,
    Role,
    ServiceToken,
    SessionClaims,
    new_service_token,
    principal_of,
    publish_revoked,
    sign_session,
)
from hackai_shared.security import access as table
from hackai_shared.security.rate_limit import RateLimit
from hackai_shared.web import create_app

KEY = Ed25519PrivateKey.generate()
SERVICE = new_service_token()


def bearer(role: Role, subject: str = "ada", jti: str = "1" * 32) -> dict[str, str]:
    now = int(time.time())
    claims = SessionClaims(sub=subject, name=subject, role=role, jti=jti, iat=now, exp=now + 60, auth_time=now)
    return {"Authorization": f"Bearer {sign_session(claims, KEY)}"}


@pytest.fixture
def revoked() -> set[str]:
    return set()


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch, revoked: set[str]) -> FastAPI:
    monkeypatch.setitem(
        table.ENDPOINTS,
        "demo",
        {
            "GET /v1/things": table.VIEWER,
            "PUT /v1/things": table.OPERATOR,
            "GET /v1/people/{person_id}": table.OWN_DATA,
        },
    )
    gate = Gate(
        "demo",
        keys=KeySet.of(KEY.public_key()),
        service_token=ServiceToken(SecretStr(SERVICE)),
        revoked=revoked,
        metrics=Metrics("demo"),
    )
    app = create_app("demo", "", health=Health(), metrics=Metrics("demo2"), gate=gate)

    @app.get("/v1/things")
    async def things(caller: Annotated[Principal, Depends(principal_of)]) -> str:
        return caller.proof

    @app.put("/v1/things")
    async def change() -> None: ...

    @app.get("/v1/people/{person_id}")
    async def one(person_id: str) -> str:
        return person_id

    @app.get("/v1/forgotten")
    async def forgotten() -> None: ...

    return app


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://demo") as client:
        yield client


async def test_health_is_open_and_metrics_are_not(client: httpx.AsyncClient) -> None:
    assert (await client.get("/healthz")).status_code == 200
    assert (await client.get("/metrics")).status_code == 401
    assert (await client.get("/metrics", headers={"Authorization": f"Bearer {SERVICE}"})).status_code == 200


async def test_no_token_and_wrong_tokens(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v1/things")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert answer.headers["content-type"] == "application/problem+json"
    for token in ("x", SERVICE[:-1], f"{SERVICE} "[::-1]):
        assert (await client.get("/v1/things", headers={"Authorization": f"Bearer {token}"})).status_code == 401
    assert (await client.get("/v1/things", headers={"Authorization": f"Basic {SERVICE}"})).status_code == 401


async def test_bodies_of_strangers_are_not_read(client: httpx.AsyncClient) -> None:
    read = 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal read
        for _ in range(1000):
            read += 1
            yield bytes(1000)

    assert (await client.put("/v1/things", content=body())).status_code == 401
    assert read <= 1
    # Malformed JSON of a stranger is not looked at either.
    assert (
        await client.put("/v1/things", content=b"{", headers={"content-type": "application/json"})
    ).status_code == 401


async def test_roles(client: httpx.AsyncClient) -> None:
    assert (await client.get("/v1/things", headers=bearer(Role.VIEWER))).json() == "session:" + "1" * 32
    assert (await client.put("/v1/things", headers=bearer(Role.VIEWER))).status_code == 403
    assert (await client.put("/v1/things", headers=bearer(Role.OPERATOR))).status_code == 200


async def test_own_data(client: httpx.AsyncClient) -> None:
    assert (await client.get("/v1/people/ada", headers=bearer(Role.VIEWER))).status_code == 200
    assert (await client.get("/v1/people/bob", headers=bearer(Role.OPERATOR))).status_code == 403


async def test_an_endpoint_that_the_table_forgot_is_closed(client: httpx.AsyncClient) -> None:
    assert (await client.get("/v1/forgotten", headers=bearer(Role.ADMIN))).status_code == 403


async def test_a_revoked_session_is_out(client: httpx.AsyncClient, revoked: set[str]) -> None:
    revoked.add("1" * 32)
    assert (await client.get("/v1/things", headers=bearer(Role.ADMIN))).status_code == 401


async def test_an_application_without_its_gate_is_closed(app: FastAPI, client: httpx.AsyncClient) -> None:
    app.state.gate = None
    assert (await client.get("/v1/things", headers=bearer(Role.ADMIN))).status_code == 503


async def test_an_endpoint_that_does_not_exist_says_so_to_members_alone(client: httpx.AsyncClient) -> None:
    assert (await client.get("/v1/nosuch")).status_code == 401
    assert (await client.get("/v1/nosuch", headers=bearer(Role.VIEWER))).status_code == 404


async def test_revocations_travel_over_redis(bus: Bus) -> None:
    now = time.time()
    watcher = RevocationList(bus.client)
    await publish_revoked(bus.client, {"a" * 32: now + 60, "b" * 32: now - 3600}, now=now)
    await watcher.refresh()
    assert "a" * 32 in watcher
    assert "b" * 32 not in watcher
    assert await bus.client.zcard("auth:revoked") == 1


async def test_ten_thousand_requests_in_a_minute_are_answered_429(app: FastAPI) -> None:
    app.add_middleware(RateLimit, per_minute=600, burst=100)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://demo") as client:
        statuses = [(await client.get("/v1/things")).status_code for _ in range(1000)]
        assert (await client.get("/healthz")).status_code == 200
    assert statuses[:100] == [401] * 100
    # The rate refills a little while the flood runs; hardly anything gets through.
    assert statuses.count(429) > 800
