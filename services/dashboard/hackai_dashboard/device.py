"""The cookie of a paired browser: possession first, before a face is looked at."""

from __future__ import annotations

import re
from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import Any

from fastapi import Request

Scope = MutableMapping[str, Any]

_COOKIE = re.compile(r"^(?P<number>[0-9a-f]{24})\.(?P<secret>[A-Za-z0-9_-]{20,80})$")
_PREFIX = "dashboard:"


@dataclass(frozen=True)
class PairedDevice:
    """What the face service knows this browser by, and the proof; the proof is checked there."""

    client: str
    secret: str


def device_of(request: Request) -> PairedDevice | None:
    """Return the device that the browser says it is; None without a cookie that could be one."""
    found = _COOKIE.fullmatch(request.cookies.get(device_cookie_name(request.scope), ""))
    return None if found is None else PairedDevice(_PREFIX + found["number"], found["secret"])


def device_cookie_name(scope: Scope) -> str:
    """Return the name of the cookie; over https one that no other host of the domain can set."""
    return "__Host-hackai-device" if scope.get("scheme") == "https" else "hackai-device"


def device_cookie(scope: Scope, client: str, secret: str, *, max_age_s: int) -> str:
    """Return the Set-Cookie header of a browser that was paired."""
    secure = "; Secure" if scope.get("scheme") == "https" else ""
    value = f"{client.removeprefix(_PREFIX)}.{secret}"
    # Strict: only our own page asks for a challenge.
    return f"{device_cookie_name(scope)}={value}; Path=/; HttpOnly; SameSite=Strict; Max-Age={max_age_s}{secure}"
