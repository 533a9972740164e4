"""Lets browsers in by their cookie: the same gate and the same access table as everywhere, with one more proof."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Container, MutableMapping
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import quote

from starlette.responses import RedirectResponse

from hackai_dashboard.sessions import SessionBook, WebSession
from hackai_shared.security import Gate, Principal, TokenInvalid
from hackai_shared.security.access import open_paths

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

SERVICE = "dashboard"
# Where the session that came by cookie is left for the handlers.
SESSION = "hackai.web_session"


class DashboardGate(Gate):
    """Knows sessions of browsers beside the tokens that every service knows."""

    def __init__(self, sessions: SessionBook, *, revoked: Container[str] = (), **options: Any) -> None:
        super().__init__(SERVICE, revoked=revoked, **options)
        self.sessions = sessions
        self._ended = revoked

    def holds(self, session: WebSession) -> bool:
        """Return whether a session is good now; long streams ask again and again."""
        return self.sessions.holds(session) and session.visitor.jti not in self._ended

    def rights_hold(self, scope: Scope) -> bool:
        """Return whether whoever a long answer goes to may still see it."""
        session: WebSession | None = scope.get(SESSION)
        return super().rights_hold(scope) if session is None else self.holds(session)

    async def identify(self, token: str) -> Principal:
        """Return whom a cookie's number or a bearer token proves.

        Raises:
            TokenInvalid: nobody.
        """
        session = self.sessions.find(token)
        if session is None:
            return await super().identify(token)
        if not self.holds(session):
            raise TokenInvalid("revoked", "the session was ended; log in again")
        return session.visitor.principal()


def cookie_name(scope: Scope) -> str:
    """Return the name of the session cookie; over https one that no other host of the domain can set."""
    return "__Host-hackai" if scope.get("scheme") == "https" else "hackai"


class CookieDoor:
    """ASGI middleware in front of the gate: a cookie becomes the bearer token that the gate asks for.

    A page that is asked for without a session is answered with the way to the login; everything else with 401.
    """

    def __init__(self, app: Any, gate: DashboardGate) -> None:
        self._app = app
        self._gate = gate
        self._open = open_paths(SERVICE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or redirect to the login."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        number = _cookie(headers.get(b"cookie", b"").decode("latin-1"), cookie_name(scope))
        if number is not None and b"authorization" not in headers:
            session = self._gate.sessions.find(number)
            if session is not None and self._gate.holds(session):
                scope[SESSION] = session
                scope["headers"] = [*scope["headers"], (b"authorization", f"Bearer {number}".encode("latin-1"))]
                await self._app(scope, receive, _renewing(self._gate.sessions, scope, number, send))
                return
        if b"authorization" not in headers and _is_page(scope, headers) and not self._is_open(scope):
            query = scope.get("query_string", b"").decode("latin-1")
            wanted = scope["path"] + (f"?{query}" if query else "")
            await RedirectResponse(f"/login?next={quote(wanted, safe='')}", status_code=303)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _is_open(self, scope: Scope) -> bool:
        return self._open.fullmatch(f"{scope['method']} {scope['path']}") is not None


def session_cookie(scope: Scope, number: str, *, max_age_s: int) -> str:
    """Return the Set-Cookie header of a session number; an empty one with age 0 removes it."""
    secure = "; Secure" if scope.get("scheme") == "https" else ""
    # Lax, not Strict: a link in a chat must find the person logged in. Forms carry a token of their own.
    return f"{cookie_name(scope)}={number}; Path=/; HttpOnly; SameSite=Lax; Max-Age={max_age_s}{secure}"


def _renewing(sessions: SessionBook, scope: Scope, number: str, send: Send) -> Send:
    """Give the browser its next number together with a page."""

    async def wrapped(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start" and _is_page(scope, dict(scope["headers"])):
            session = sessions.find(number)
            fresh = sessions.renew(number)
            if fresh is not None and session is not None:
                age = max(0, int(session.visitor.expires_at - session.rotated_at))
                cookie = session_cookie(scope, fresh, max_age_s=age)
                message["headers"] = [*message["headers"], (b"set-cookie", cookie.encode("latin-1"))]
        await send(message)

    return wrapped


def _is_page(scope: Scope, headers: dict[bytes, bytes]) -> bool:
    return scope["method"] == "GET" and b"text/html" in headers.get(b"accept", b"")


def _cookie(header: str, name: str) -> str | None:
    try:
        jar = SimpleCookie(header)
    except CookieError:
        return None
    return jar[name].value if name in jar else None
