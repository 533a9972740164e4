"""A client that draws things out on a real socket is let go; everybody else is served meanwhile."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import Any, AsyncIterator, List, Tuple

import pytest
import uvicorn

from hackai_shared.bounded_http import HttpLimits, bounded

LIMITS = HttpLimits(header_s=0.3, body_window_s=0.3, body_bytes=50, send_s=0.3, sweep_s=0.05)
Streams = Tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def app(scope: Any, receive: Any, send: Any) -> None:
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    if message["type"] == "http.disconnect":
        return
    await send({"type": "http.response.start", "status": 200, "headers": [(b"x-length", str(len(body)).encode())]})
    size = 30_000_000 if scope["path"] == "/large" else 2
    await send({"type": "http.response.body", "body": b"x" * size})


@asynccontextmanager
async def serving(limits: HttpLimits = LIMITS) -> AsyncIterator[int]:
    config = uvicorn.Config(app, port=0, log_config=None, lifespan="off", http=bounded(limits), proxy_headers=False)
    server = uvicorn.Server(config)
    config.load()
    server.lifespan = config.lifespan_class(config)
    await server.startup()
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        server.force_exit = True
        await server.shutdown()


async def ask(port: int) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
    answer = await asyncio.wait_for(reader.read(), 10)
    writer.close()
    return answer


async def drip(port: int, start: bytes, drop: bytes) -> bytes:
    """Send a byte or so every 20 ms until the server has enough; return what it said."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(start)
    said = asyncio.ensure_future(reader.read())
    while not said.done():
        writer.write(drop)
        await asyncio.wait([said], timeout=0.02)
    writer.close()
    try:
        return said.result()
    except ConnectionError:
        return b"reset"


@pytest.mark.parametrize(
    ("start", "drop"),
    [
        (b"", b""),
        (b"GET / HTTP/1.1\r\nhost: x\r\n", b"x-a: b\r\n"),
        (b"GET / HT", b""),
        (b"", b"\r\n"),
        (b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 100000\r\n\r\n", b"x"),
        (b"POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        (b"GET / HTTP/1.1\r\nhost: x\r\n\r\nGET / HTTP/1.1\r\n", b"a: b\r\n"),
    ],
    ids=["nothing", "headers", "request-line", "empty-lines", "body", "chunks", "second-request"],
)
async def test_a_slow_loris_is_let_go(start: bytes, drop: bytes) -> None:
    async with serving() as port:
        said = await asyncio.wait_for(drip(port, start, drop), 10)
    assert b"408 Request Timeout" in said or said == b"reset"


async def test_many_of_them_do_not_keep_anybody_out() -> None:
    limits = HttpLimits(header_s=30.0, connections=20, per_address=20)
    async with serving(limits) as port:
        lorises: List[Streams] = [await asyncio.open_connection("127.0.0.1", port) for _ in range(40)]
        for _, writer in lorises:
            writer.write(b"GET / HTTP/1.1\r\n")
        assert b"200 OK" in await ask(port)
        for _, writer in lorises:
            writer.close()


async def test_requests_in_work_are_never_thrown_out_for_a_newcomer() -> None:
    limits = HttpLimits(connections=8, per_address=2, body_window_s=30.0)
    async with serving(limits) as port:
        working = [await asyncio.open_connection("127.0.0.1", port) for _ in range(2)]
        for _, writer in working:
            writer.write(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\n\r\nab")
            await writer.drain()
        while b"503 Service Unavailable" not in await ask(port):  # until the server has read both headers
            await asyncio.sleep(0.01)
        for reader, writer in working:
            writer.write(b"cd")
            assert b"200 OK" in await asyncio.wait_for(reader.readuntil(b"\r\n"), 10)
            writer.close()


async def test_headers_without_an_end_are_refused() -> None:
    async with serving(HttpLimits()) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.1\r\n" + b"".join(b"x-%d: %s\r\n" % (n, b"y" * 1_000) for n in range(80)))
        assert b"431 Request Header Fields Too Large" in await asyncio.wait_for(reader.read(), 10)
        writer.close()


async def test_an_answer_that_nobody_takes_is_given_up() -> None:
    async with serving() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1)
        writer.write(b"GET /large HTTP/1.1\r\nhost: x\r\n\r\n")
        await asyncio.sleep(1.0)  # longer than send_s, taking nothing
        taken = 0
        try:
            while part := await asyncio.wait_for(reader.read(65_536), 10):
                taken += len(part)
        except ConnectionError:
            pass
        assert taken < 30_000_000
        writer.close()


async def test_an_upload_that_goes_on_is_taken_whole() -> None:
    async with serving() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST / HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 2000\r\n\r\n")
        for _ in range(20):  # a second: three windows
            writer.write(b"x" * 100)
            await asyncio.sleep(0.05)
        answer = await asyncio.wait_for(reader.read(), 10)
        assert b"200 OK" in answer
        assert b"x-length: 2000" in answer
        writer.close()


async def test_a_connection_is_used_again() -> None:
    async with serving() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(3):
            writer.write(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
            assert b"200 OK" in await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
            await reader.read(64)
        writer.close()
