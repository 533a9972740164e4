"""Bad input to the real process: refused quickly, and forgotten."""

from __future__ import annotations

import socket
import statistics
import time
from typing import Any

import httpx
import pytest

import service_access

CASES: dict[str, Any] = {
    "empty": (lambda live: b"", "image/jpeg", 422),
    "text": (lambda live: b"what is this? " * 1000, "image/jpeg", 415),
    "content type": (lambda live: b"{}", "application/json", 415),
    "truncated": (lambda live: live.picture("fire")[:-20], "image/jpeg", 422),
    "30000x30000": (lambda live: live.bomb(30_000, 30_000), "image/png", 413),
}


@pytest.fixture
def running(service: Any, redis_url: str) -> Any:
    service.start(redis_url)
    return service


@pytest.mark.parametrize("name", list(CASES))
def test_it_is_a_problem_of_the_client_within_50_ms_and_costs_no_memory(running: Any, live: Any, name: str) -> None:
    make, kind, status = CASES[name]
    body = make(live)
    with httpx.Client(base_url=running.url, headers=service_access.HEADERS) as client:

        def post() -> float:
            started = time.perf_counter()
            answer = client.post("/v1/predict", content=body, headers={"content-type": kind})
            took = time.perf_counter() - started
            assert answer.status_code == status, answer.text
            assert answer.headers["content-type"] == "application/problem+json"
            return took

        for _ in range(50):
            post()
        before = running.memory_bytes
        durations: list[float] = [post() for _ in range(200)]

    assert running.memory_bytes - before < 5_000_000
    assert statistics.median(durations) < 0.05


def test_100_megabytes_are_refused_unread(running: Any) -> None:
    before = running.memory_bytes
    for _ in range(3):
        with socket.create_connection(("127.0.0.1", running.port)) as connection:
            connection.settimeout(5)
            started = time.perf_counter()
            connection.sendall(
                b"POST /v1/predict HTTP/1.1\r\nHost: x\r\nContent-Type: image/jpeg\r\nContent-Length: 100000000\r\n"
                + f"Authorization: {service_access.HEADERS['Authorization']}\r\n\r\n".encode()
            )
            answer = connection.recv(65536)
            took = time.perf_counter() - started
        assert answer.startswith(b"HTTP/1.1 413"), answer
        assert b"application/problem+json" in answer
        assert took < 0.5
    assert running.memory_bytes - before < 5_000_000


def test_100_megabytes_in_chunks_are_cut_off(running: Any) -> None:
    before = running.memory_bytes

    def chunks() -> Any:
        for _ in range(100):
            yield bytes(1_000_000)

    try:
        answer = httpx.post(
            running.url + "/v1/predict",
            content=chunks(),
            headers={**service_access.HEADERS, "content-type": "image/jpeg"},
        )
        assert answer.status_code == 413
    except httpx.WriteError:
        pass  # the service closed the connection while we were still sending: refused as well
    assert httpx.get(running.url + "/healthz").status_code == 200
    assert running.memory_bytes - before < 60_000_000  # what max_body_bytes allows, twice, and no more
