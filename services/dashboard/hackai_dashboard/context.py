"""What the handlers share, and who is in front of the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any

from fastapi import Depends, Request
from pydantic import SecretStr

from hackai_dashboard.assets import Assets
from hackai_dashboard.codes import CodeBook
from hackai_dashboard.device import PairedDevice
from hackai_dashboard.feed import LiveFeed
from hackai_dashboard.gate import SESSION, DashboardGate
from hackai_dashboard.hosts import Hosts
from hackai_dashboard.pages import Pages
from hackai_dashboard.sessions import SessionBook, Visitor, WebSession
from hackai_dashboard.upstream import ServiceOffline, ServiceRefused, Upstream
from hackai_shared.bus import Bus
from hackai_shared.problems import Problem
from hackai_shared.security import Principal
from hackai_shared.security.rate_limit import TokenBuckets


@dataclass(frozen=True)
class Part:
    """A part of a page that another service fills; ``trouble`` says why it is empty."""

    data: Any = None
    trouble: str = ""


@dataclass(frozen=True)
class Guest:
    """Who asks; ``session`` is None for a caller with a bearer token instead of a cookie."""

    visitor: Visitor
    session: WebSession | None

    @property
    def token(self) -> SecretStr | None:
        """The person's own token; None: the dashboard speaks for them with its service token."""
        return self.visitor.token

    @property
    def signed(self) -> dict[str, str]:
        """The body that names the person where the service token speaks for them."""
        return {} if self.token is not None else {"by": self.visitor.name}

    def say(self, message: str) -> None:
        """Leave a message for the next page."""
        if self.session is not None:
            self.session.say(message)


@dataclass(frozen=True)
class Site:
    """Everything behind the edges; ``cameras``: name by id of every camera that is switched on."""

    upstream: Upstream
    gate: DashboardGate
    sessions: SessionBook
    codes: CodeBook
    feed: LiveFeed
    bus: Bus
    pages: Pages
    assets: Assets
    cameras: Mapping[str, str]
    login_limit: TokenBuckets
    hosts: Hosts = field(default_factory=Hosts)
    trusted_proxies: Sequence[str] = ()
    known_devices: set[PairedDevice] = field(default_factory=set)

    async def ask(self, service: str, path: str, **options: Any) -> Part:
        """Return the JSON of a GET as a part of a page: a service that is away leaves a gap, not an error page."""
        try:
            return Part(await self.upstream.json(service, path, **options))
        except (ServiceOffline, ServiceRefused) as error:
            return Part(trouble=str(error))


async def guest_of(request: Request) -> Guest:
    """FastAPI dependency: the person in front of the page.

    Raises:
        Problem: 403 for a service.
    """
    session: WebSession | None = request.scope.get(SESSION)
    if session is not None:
        return Guest(session.visitor, session)
    principal: Principal = request.state.principal
    if principal.kind != "person" or principal.role is None or principal.jti is None:
        raise Problem(403, "pages are for people", kind="forbidden")
    token = request.headers.get("authorization", "").partition(" ")[2].strip()
    visitor = Visitor(
        subject=principal.subject,
        name=principal.name,
        role=principal.role,
        jti=principal.jti,
        expires_at=principal.expires_at or 0.0,
        authenticated_at=principal.authenticated_at or 0.0,
        token=SecretStr(token),
    )
    return Guest(visitor, None)


Caller = Annotated[Guest, Depends(guest_of)]
