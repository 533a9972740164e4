"""Whose word counts on who asks, over what and under which name: only that of proxies that the configuration names."""

from __future__ import annotations

import ipaddress
from typing import Any, Awaitable, Callable, Iterable, List, MutableMapping, Optional, Sequence, Tuple, Union

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Network = Union[ipaddress.IPv4Network, ipaddress.IPv6Network]

_FOR, _PROTO, _HOST = b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-host"
_CLAIMS = frozenset({_FOR, _PROTO, _HOST, b"forwarded", b"x-forwarded-port", b"x-forwarded-prefix", b"x-real-ip"})


class ForwardedBy:
    """ASGI middleware: the claims of named proxies are taken over, everybody else's are removed.

    Takes ``X-Forwarded-For`` (the last address that is no named proxy), ``X-Forwarded-Proto`` and ``X-Forwarded-Host``.
    """

    def __init__(self, app: Any, proxies: Sequence[str]) -> None:
        self._app = app
        self._proxies = [ipaddress.ip_network(proxy) for proxy in proxies]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on as the proxy received it."""
        if scope["type"] in ("http", "websocket"):
            scope = self._received(scope)
        await self._app(scope, receive, send)

    def _received(self, scope: Scope) -> Scope:
        headers: List[Tuple[bytes, bytes]] = scope["headers"]
        kept = [(name, value) for name, value in headers if name not in _CLAIMS]
        if not self._trusts((scope.get("client") or ("",))[0]):
            return {**scope, "headers": kept}
        changed = {**scope, "headers": kept}
        address = self._client(_values(headers, _FOR))
        if address is not None:
            changed["client"] = (address, 0)
        protocol = _last(headers, _PROTO)
        if protocol in ("http", "https"):
            changed["scheme"] = protocol
        host = _last(headers, _HOST)
        if host:
            changed["headers"] = [(name, value) for name, value in kept if name != b"host"]
            changed["headers"].append((b"host", host.encode("latin-1")))
        return changed

    def _client(self, chain: Iterable[str]) -> Optional[str]:
        """Return the nearest address that no named proxy has: what lies beyond it, anybody may have written."""
        found = None
        for entry in reversed(list(chain)):
            found = _address(entry)
            if found is None or not self._trusts(found):
                return found
        return found

    def _trusts(self, address: str) -> bool:
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            return False
        if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is not None:
            parsed = parsed.ipv4_mapped
        return any(parsed in network for network in self._proxies)


def _values(headers: Iterable[Tuple[bytes, bytes]], name: bytes) -> List[str]:
    joined = b",".join(value for key, value in headers if key == name).decode("latin-1")
    return [part.strip() for part in joined.split(",") if part.strip()]


def _last(headers: Iterable[Tuple[bytes, bytes]], name: bytes) -> str:
    """Return what the proxy next to us wrote: those before it appended theirs in front."""
    found = _values(headers, name)
    return found[-1] if found else ""


def _address(entry: str) -> Optional[str]:
    """Return the address of an entry, which may carry a port: ``192.0.2.1:80``, ``[2001:db8::1]:80``."""
    if entry.startswith("["):
        entry = entry[1:].partition("]")[0]
    elif entry.count(":") == 1:
        entry = entry.partition(":")[0]
    try:
        return str(ipaddress.ip_address(entry))
    except ValueError:
        return None
