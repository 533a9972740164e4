"""Forged requests: what changes something must come from our own pages, and carry the token of its session."""

from __future__ import annotations

import secrets
from urllib.parse import urlsplit

from fastapi import Request

from hackai_dashboard.gate import SESSION
from hackai_dashboard.sessions import WebSession
from hackai_shared.problems import Problem

HEADER = "x-csrf-token"
FIELD = "csrf"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


async def own_pages_only(request: Request) -> None:
    """FastAPI dependency: refuse a change that another site may have caused.

    A caller with a bearer token of its own (no cookie) is asked for nothing: no browser sends that by itself.

    Raises:
        Problem: 403.
    """
    if request.method in _SAFE:
        return
    session: WebSession | None = request.scope.get(SESSION)
    if session is None and "authorization" in request.headers:
        return
    if not _same_origin(request):
        raise Problem(403, _foreign(request), kind="cross-site")
    if session is not None and not secrets.compare_digest(await _token(request), session.csrf):
        raise Problem(403, "the page is out of date; load it again", kind="csrf")


def _same_origin(request: Request) -> bool:
    origin = request.headers.get("origin")
    if origin is not None:
        return urlsplit(origin).netloc == request.headers.get("host")
    return request.headers.get("sec-fetch-site") == "same-origin"


def _foreign(request: Request) -> str:
    origin = request.headers.get("origin")
    came = f"a page of {origin}" if origin else "no page of this site"
    return (
        f"This request came from {came}, but this site is {request.url.scheme}://{request.headers.get('host', '')}. "
        "If both are this site behind a reverse proxy: name the proxy in dashboard.trusted_proxies of config.yml, and "
        "let it send X-Forwarded-Host and X-Forwarded-Proto (docs/dashboard.md)."
    )


async def _token(request: Request) -> str:
    sent = request.headers.get(HEADER)
    if sent is not None:
        return sent
    if not request.headers.get("content-type", "").startswith(_FORMS):
        return ""
    value = (await request.form()).get(FIELD, "")
    return value if isinstance(value, str) else ""
