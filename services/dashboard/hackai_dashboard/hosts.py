"""The names that this site answers to, so that no other name can be pointed at it (DNS rebinding)."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

from fastapi import Request

from hackai_dashboard.gate import SESSION
from hackai_shared.problems import Problem

HOW = "docs/dashboard.md"


@dataclass(frozen=True)
class Hosts:
    """``names``: those of ``dashboard.names``; loopback and the address that was connected to are always known."""

    names: frozenset[str] = frozenset()

    def knows(self, host: str, connected_to: str) -> bool:
        """Return whether a ``Host`` header names this site."""
        name = host_name(host)
        if name is None:
            return False
        return name in self.names or name == connected_to or _is_loopback(name)

    async def __call__(self, request: Request) -> None:
        """FastAPI dependency: refuse a name that is not ours, unless a bearer token says who asks.

        No browser sends such a token by itself, and services find each other by names of their own.

        Raises:
            Problem: 421.
        """
        if SESSION not in request.scope and "authorization" in request.headers:
            return
        host = request.headers.get("host", "")
        server = request.scope.get("server") or ("", None)
        if not self.knows(host, str(server[0])):
            shown = host_name(host) or "no name"
            raise Problem(
                421,
                f"This site does not know the name {shown}. If it is its own, add it to dashboard.names in config.yml "
                f"({HOW}).",
                kind="unknown-host",
            )


def host_name(host: str) -> str | None:
    """Return the name in a ``Host`` header, in lower case and without its port; None: it is none."""
    if any(sign <= " " or sign in "/\\@?#" for sign in host):
        return None
    try:
        parts = urlsplit(f"//{host}")
        _ = parts.port
    except ValueError:
        return None
    return (parts.hostname or "").rstrip(".") or None


def _is_loopback(name: str) -> bool:
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
