"""Endpoint by endpoint, for every service: OpenAPI and access table agree, and each endpoint asks for what it says."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import FastAPI
from pydantic import SecretStr

import service_access
from hackai_camera.api import create_camera_app
from hackai_dashboard.app import create_dashboard_app
from hackai_dashboard.assets import Assets
from hackai_dashboard.codes import CodeBook
from hackai_dashboard.context import Site
from hackai_dashboard.feed import LiveFeed, TooManyViewers
from hackai_dashboard.gate import DashboardGate
from hackai_dashboard.pages import Pages
from hackai_dashboard.sessions import SessionBook
from hackai_dashboard.upstream import Upstream
from hackai_inference.http.api import add_routes as add_inference_routes
from hackai_inference.shadow.api import add_shadow_routes
from hackai_notifier.api import create_notifier_app
from hackai_shared.bus import Bus
from hackai_shared.health import Health
from hackai_shared.metrics import Metrics
from hackai_shared.security import Gate, KeySet, Role, ServiceToken, SessionClaims, endpoints_of, sign_session
from hackai_shared.security.rate_limit import TokenBuckets
from hackai_shared.web import create_app

KEY = Ed25519PrivateKey.generate()


class Nothing:
    """The domain is not asked for anything here: whoever gets past the gate finds nobody home."""

    def __getattr__(self, name: str) -> Any:
        raise LookupError(name)

    def __contains__(self, _item: object) -> bool:
        raise LookupError


def gate_of(service: str) -> Gate:
    return Gate(
        service, keys=KeySet.of(KEY.public_key()), service_token=ServiceToken(SecretStr(service_access.SERVICE_TOKEN))
    )


def camera() -> FastAPI:
    return create_camera_app(Nothing(), Nothing(), Health(), Metrics("camera"), gate_of("camera"))  # type: ignore[arg-type]


def notifier() -> FastAPI:
    nothing: Any = Nothing()
    return create_notifier_app(Health(), Metrics("notifier"), nothing, nothing, nothing, gate=gate_of("notifier"))


def inference() -> FastAPI:
    nothing: Any = Nothing()
    app = create_app("inference", "", health=Health(), metrics=Metrics("inference"), gate=gate_of("inference"))
    add_inference_routes(app, nothing, nothing, nothing, max_pixels=1_000_000)
    add_shadow_routes(app, nothing)
    return app


def compression() -> FastAPI:
    routes = pytest.importorskip("hackai_compression.api", reason="the compression service is not installed here")
    nothing: Any = Nothing()
    app = create_app("compression", "", health=Health(), metrics=Metrics("compression"), gate=gate_of("compression"))
    routes.add_routes(app, nothing, nothing)
    return app


class Full(LiveFeed):
    """No place is free: a stream that is let pass would never end."""

    def watch(self, cameras: Any) -> Any:
        raise TooManyViewers


def dashboard() -> FastAPI:
    bus = Bus("redis://127.0.0.1:9/0")  # nobody listens
    sessions = SessionBook()
    gate = DashboardGate(
        sessions,
        keys=KeySet.of(KEY.public_key()),
        service_token=ServiceToken(SecretStr(service_access.SERVICE_TOKEN)),
    )
    assets = Assets()
    limit = TokenBuckets(1_000_000, 1_000_000)
    upstream = Upstream({}, None)
    site = Site(upstream, gate, sessions, CodeBook(), Full(bus), bus, Pages(assets), assets, {}, limit)
    return create_dashboard_app(site, Health(), Metrics("dashboard"))


SERVICES: dict[str, Callable[[], FastAPI]] = {
    "camera": camera,
    "inference": inference,
    "notifier": notifier,
    "compression": compression,
    "dashboard": dashboard,
}


OF_PAIRED_BROWSERS = {"POST /login/challenge"}


def bearer(role: Role) -> dict[str, str]:
    now = int(time.time())
    claims = SessionClaims(sub="ada", name="Ada", role=role, jti="1" * 32, iat=now, exp=now + 60, auth_time=now)
    return {"Authorization": f"Bearer {sign_session(claims, KEY)}"}


@pytest.mark.parametrize("service", SERVICES)
def test_openapi_and_the_table_name_the_same_endpoints(service: str) -> None:
    paths = SERVICES[service]().openapi()["paths"]
    found = {f"{method.upper()} {path}" for path, item in paths.items() for method in item}
    assert found == set(endpoints_of(service))


@pytest.mark.parametrize(
    ("service", "endpoint"), [(service, endpoint) for service in SERVICES for endpoint in sorted(endpoints_of(service))]
)
async def test_each_endpoint_asks_for_what_the_table_says(service: str, endpoint: str) -> None:
    access = endpoints_of(service)[endpoint]
    method, template = endpoint.split(" ")
    path = re.sub(r"\{[^}]+\}", "1", template)
    transport = httpx.ASGITransport(SERVICES[service](), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as http:

        async def passes(headers: dict[str, str]) -> bool:
            # As from its own page: what else the dashboard asks of a browser is not a matter of the table.
            own = {**headers, "origin": "http://test"}
            return (await http.request(method, path, headers=own)).status_code not in (401, 403)

        if endpoint in OF_PAIRED_BROWSERS:  # public to visitors without a session, and to them alone that were paired
            assert not await passes({})
            return
        assert await passes({}) is access.public
        assert await passes({"Authorization": "Bearer nonsense"}) is access.public
        assert await passes(service_access.HEADERS) is (access.public or access.service)
        for role in Role:
            allowed = access.public or (access.role is not None and role.covers(access.role))
            assert await passes(bearer(role)) is allowed, role
