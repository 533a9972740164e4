"""A load generator in its own process: ``python tests/benchmarks/http_load.py URL PICTURE CLIENTS SECONDS``.

Keep-alive connections, each sending the next request when the answer to the last one is complete; prints one JSON
object with requests per second and latencies in milliseconds.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

SERVICE_TOKEN = "service-token-of-the-benchmarks-0123456789"


async def client(host: str, port: int, request: bytes, until: float, latencies: list[float]) -> None:
    """Send requests one after the other."""
    reader, writer = await asyncio.open_connection(host, port)
    while time.perf_counter() < until:
        started = time.perf_counter()
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(head.decode())
        length = next(
            int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")
        )
        await reader.readexactly(length)
        latencies.append(1000 * (time.perf_counter() - started))
    writer.close()


async def run(url: str, picture: bytes, clients: int, seconds: float, multipart: bool) -> None:
    """Load a URL and print the result."""
    parts = urlsplit(url)
    kind, body = "image/jpeg", picture
    if multipart:
        kind = "multipart/form-data; boundary=frontier"
        head = b'--frontier\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n'
        body = head + picture + b"\r\n--frontier--\r\n"
    request = (
        f"POST {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: {kind}\r\n"
        f"Authorization: Bearer {SERVICE_TOKEN}\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode() + body
    latencies: list[float] = []
    started = time.perf_counter()
    await asyncio.gather(
        *(client(parts.hostname or "", parts.port or 80, request, started + seconds, latencies) for _ in range(clients))
    )
    elapsed = time.perf_counter() - started
    latencies.sort()
    print(
        json.dumps(
            {
                "requests": len(latencies),
                "per_second": len(latencies) / elapsed,
                "p50_ms": latencies[len(latencies) // 2],
                "p99_ms": latencies[int(len(latencies) * 0.99)],
            }
        )
    )


if __name__ == "__main__":
    address, file, count, duration = sys.argv[1:5]
    asyncio.run(run(address, Path(file).read_bytes(), int(count), float(duration), "--multipart" in sys.argv))
