"""uvicorn's HTTP protocol with an end to everything a client can draw out: headers, bodies, reading, connections."""

from __future__ import annotations

import asyncio
import resource
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, Dict, Optional, Type

import structlog
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class HttpLimits:
    """What one server gives a client; seconds, bytes and connections."""

    header_s: float = 10.0
    """From the connection, or the first byte of a further request, to the end of its headers."""
    header_bytes: int = 65_536
    body_window_s: float = 10.0
    """In each such window of a body at least ``body_bytes`` arrive, while the service reads (Apache: MinRate=500)."""
    body_bytes: int = 5_000
    send_s: float = 30.0
    """An answer that nobody takes for so long is given up."""
    connections: int = 512
    per_address: int = 256
    sweep_s: float = 1.0


def affordable(limits: HttpLimits) -> HttpLimits:
    """Return the limits with no more connections than half of the files that this process may open."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = limits.connections if files == resource.RLIM_INFINITY else max(8, min(limits.connections, files // 2))
    return HttpLimits(**{**vars(limits), "connections": most, "per_address": min(limits.per_address, most)})


class _Book:
    """All connections of a server, the oldest first, and one timer for all of them."""

    def __init__(self, limits: HttpLimits) -> None:
        self.limits = limits
        self._open: "OrderedDict[BoundedHttp, str]" = OrderedDict()
        self._of: Dict[str, int] = {}
        self._sweeping = False

    def admit(self, newcomer: "BoundedHttp", address: str, loop: asyncio.AbstractEventLoop) -> bool:
        """Return whether there is room; a connection that asks for nothing makes room for the newest."""
        if self._of.get(address, 0) >= self.limits.per_address and not self._make_room(address):
            return False
        if len(self._open) >= self.limits.connections and not self._make_room(None):
            return False
        self._open[newcomer] = address
        self._of[address] = self._of.get(address, 0) + 1
        if not self._sweeping:
            self._sweeping = True
            loop.call_later(self.limits.sweep_s, self._sweep, loop)
        return True

    def leave(self, connection: "BoundedHttp") -> None:
        address = self._open.pop(connection, None)
        if address is None:
            return
        self._of[address] -= 1
        if not self._of[address]:
            del self._of[address]

    def _make_room(self, address: Optional[str]) -> bool:
        for connection, owner in self._open.items():
            if connection.idle and (address is None or owner == address):
                connection.transport.abort()
                self.leave(connection)
                return True
        return False

    def _sweep(self, loop: asyncio.AbstractEventLoop) -> None:
        now = loop.time()
        for connection in list(self._open):
            connection.check(now)
        self._sweeping = bool(self._open)
        if self._sweeping:
            loop.call_later(self.limits.sweep_s, self._sweep, loop)


class BoundedHttp(HttpToolsProtocol):
    """One connection; made by :func:`bounded`, which gives all connections of a server one book."""

    book: _Book

    def connection_made(self, transport: Any) -> None:
        """Take the connection, or answer 503 where there is no room."""
        super().connection_made(transport)
        self._headers_until: Optional[float] = self.loop.time() + self.book.limits.header_s
        self._receiving = False
        self._head = self._body = 0
        self._window = 0.0
        self._stuck_since: Optional[float] = None
        address = self.client[0] if self.client else "local"
        if not self.book.admit(self, address, self.loop):
            log.warning("no room for a connection", client=address)
            self._turn_away(b"503 Service Unavailable", b"too many connections")

    def connection_lost(self, exc: Optional[Exception]) -> None:
        """Give the place back."""
        self.book.leave(self)
        super().connection_lost(exc)

    @property
    def idle(self) -> bool:
        """Whether nobody would miss it: no request of which the headers were read waits for its answer."""
        return not self._receiving and (self.cycle is None or self.cycle.response_complete)

    def data_received(self, data: bytes) -> None:
        """Read on, while the headers stay within their limits."""
        if self.transport.is_closing():
            return
        before = self._receiving
        super().data_received(data)
        if self._receiving or before or not self.idle:
            self._head = 0
            return
        self._head += len(data)
        if self._headers_until is None:
            self._headers_until = self.loop.time() + self.book.limits.header_s
        if self._head > self.book.limits.header_bytes:
            self._turn_away(b"431 Request Header Fields Too Large", b"the headers are too long")

    def on_headers_complete(self) -> None:
        """Note that a body may follow."""
        self._headers_until = None
        self._receiving = True
        self._body, self._window = 0, self.loop.time()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Count what arrives."""
        self._body += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Note that nothing more of this request will come."""
        self._receiving = False
        super().on_message_complete()

    def pause_writing(self) -> None:
        """Note since when the client takes nothing."""
        self._stuck_since = self.loop.time()
        super().pause_writing()

    def resume_writing(self) -> None:
        """Note that the client takes the answer again."""
        self._stuck_since = None
        super().resume_writing()

    def check(self, now: float) -> None:
        """End the connection where its client takes too long."""
        limits = self.book.limits
        if self._headers_until is not None and now >= self._headers_until:
            self._turn_away(b"408 Request Timeout", b"the headers did not arrive in time")
        elif self._stuck_since is not None and now - self._stuck_since >= limits.send_s:
            self.transport.abort()
        elif self._receiving and now - self._window >= limits.body_window_s:
            # While the service does not read, the client cannot send: that is not its fault.
            if self._body < limits.body_bytes and not self.flow.read_paused:
                self._turn_away(b"408 Request Timeout", b"the body did not arrive in time")
            self._body, self._window = 0, now

    def _turn_away(self, status: bytes, why: bytes) -> None:
        self._headers_until = None
        self._receiving = False
        if self.cycle is not None and self.cycle.response_started and not self.cycle.response_complete:
            self.transport.abort()  # an answer is under way; a second one would be read as a part of it
            return
        head = b"HTTP/1.1 %b\r\ncontent-type: text/plain\r\ncontent-length: %d\r\nconnection: close\r\n\r\n"
        self.transport.write(head % (status, len(why)) + why)
        self.transport.close()


def bounded(limits: HttpLimits) -> Type[BoundedHttp]:
    """Return the protocol for the connections of one server (``uvicorn.Config(http=…)``)."""
    return type("BoundedHttpOfOneServer", (BoundedHttp,), {"book": _Book(affordable(limits))})
