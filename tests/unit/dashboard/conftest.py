"""The dashboard without sockets: its application, and a stand-in for nothing but the network to the services."""

from __future__ import annotations

import secrets
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import FastAPI
from pydantic import SecretStr

import service_access
from hackai_dashboard.app import create_dashboard_app
from hackai_dashboard.assets import Assets
from hackai_dashboard.codes import CodeBook
from hackai_dashboard.context import Site
from hackai_dashboard.feed import LiveFeed
from hackai_dashboard.gate import DashboardGate
from hackai_dashboard.hosts import Hosts
from hackai_dashboard.pages import Pages
from hackai_dashboard.sessions import SessionBook, Visitor
from hackai_dashboard.upstream import Upstream
from hackai_shared.bus import Bus
from hackai_shared.health import Health
from hackai_shared.metrics import Metrics
from hackai_shared.security import KeySet, Role, ServiceToken, SessionClaims, sign_session
from hackai_shared.security.rate_limit import TokenBuckets

KEY = Ed25519PrivateKey.generate()
BASE = "http://box.test"
HTML = {"accept": "text/html"}


def visitor(role: Role = Role.ADMIN, **changes: Any) -> Visitor:
    facts: dict[str, Any] = {
        "subject": "telegram:1",
        "name": "Ada",
        "role": role,
        "jti": secrets.token_hex(16),
        "expires_at": time.time() + 600,
        "authenticated_at": time.time(),
    }
    return Visitor(**{**facts, **changes})


def token_of(role: Role, **changes: Any) -> str:
    now = int(time.time())
    facts: dict[str, Any] = {
        "sub": "a" * 32,
        "name": "Grace",
        "role": role,
        "jti": secrets.token_hex(16),
        "iat": now,
        "exp": now + 600,
        "auth_time": now,
    }
    return sign_session(SessionClaims(**{**facts, **changes}), KEY)


@dataclass
class House:
    """The page, and what it asked the services behind it (``asked``: method, path, bearer token)."""

    http: httpx.AsyncClient
    site: Site
    app: FastAPI
    revoked: set[str]
    answers: dict[str, httpx.Response] = field(default_factory=dict)
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)

    def log_in(self, role: Role = Role.ADMIN, **changes: Any) -> str:
        """Give the browser a session; return the token of its forms."""
        number, session = self.site.sessions.open(visitor(role, **changes))
        self.http.cookies.set("hackai", number, domain="box.test")
        return session.csrf

    async def post(self, path: str, csrf: str, **data: str) -> httpx.Response:
        """Send a form of one of our own pages."""
        return await self.http.post(path, data={"csrf": csrf, **data}, headers={"origin": BASE, **HTML})


@pytest.fixture
async def house(bus: Bus) -> AsyncIterator[House]:
    revoked: set[str] = set()
    sessions = SessionBook()
    gate = DashboardGate(
        sessions,
        keys=KeySet.of(KEY.public_key()),
        service_token=ServiceToken(SecretStr(service_access.SERVICE_TOKEN)),
        revoked=revoked,
    )
    urls = {name: f"http://{name}" for name in ("camera", "inference", "notifier", "compression", "face_auth")}
    upstream = Upstream(urls, SecretStr(service_access.SERVICE_TOKEN))
    assets = Assets()
    site = Site(
        upstream, gate, sessions, CodeBook(), LiveFeed(bus), bus, Pages(assets), assets, {"front": "Front door"},
        TokenBuckets(10, 6), Hosts(frozenset({"box.test"})), ["192.0.2.1"],
    )  # fmt: skip
    app = create_dashboard_app(site, Health(), Metrics("dashboard"))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BASE) as http:
        house = House(http, site, app, revoked)

        async def answer(request: httpx.Request) -> httpx.Response:
            key = f"{request.method} {request.url.host}{request.url.path}"
            house.asked.append((request.method, request.url.path, request.headers.get("authorization", "")[7:]))
            house.bodies.append(await request.aread())
            if key not in house.answers:
                raise httpx.ConnectError("nobody listens", request=request)
            return house.answers[key]

        for client in upstream._clients.values():
            client._transport = httpx.MockTransport(answer)
            client._mounts = {}
        yield house
        await upstream.close()


Incidents = Callable[..., dict[str, Any]]


@pytest.fixture
def incident() -> Incidents:
    """Make an incident as the notifier shows it."""

    def make(**changes: Any) -> dict[str, Any]:
        return {
            "incident_id": "f1",
            "kind": "fire",
            "camera_id": "front",
            "camera_name": "Front door",
            "label": "fire",
            "first_label": "start_fire",
            "score": 0.9,
            "peak_score": 0.97,
            "opened_at": "2026-11-24T10:00:00Z",
            "confirmed_at": "2026-11-24T10:00:02Z",
            "cleared_at": None,
            "open": True,
            "acknowledged": None,
            "false_alarm": None,
            "snoozed": None,
            "closed_because": None,
            "visible": True,
            "actions": ["acknowledge", "false_alarm", "snooze"],
            "notified": ["the neighbor", "console"],
            **changes,
        }

    return make
