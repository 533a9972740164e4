"""``hackai models …`` against a real HTTP edge."""

from __future__ import annotations

import asyncio
import socket
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, Iterator, List

import pytest
import uvicorn

typer = pytest.importorskip("typer", reason="the subcommands are for the `hackai` command; the service does without")
from typer.testing import CliRunner  # noqa: E402

from hackai_inference.cli import app  # noqa: E402


@pytest.fixture
def run(edge: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Invoke the command; returns exit code and output."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()  # a client that comes early waits
    server = uvicorn.Server(uvicorn.Config(edge.app, log_level="critical"))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listener])))
    thread.start()
    monkeypatch.setenv("HACKAI_INFERENCE_URL", f"http://127.0.0.1:{listener.getsockname()[1]}/")

    def invoke(*arguments: str) -> Any:
        return CliRunner().invoke(app, list(arguments))

    yield invoke
    server.should_exit = True
    thread.join(10)


def test_versions_are_listed_with_a_star_for_the_active_one(run: Any) -> None:
    result = run("list")

    assert result.exit_code == 0
    assert result.output.splitlines() == [
        "* fire-classifier/2  colours  fp32",
        "  fire-classifier/1  colours  fp32",
    ]


def test_activate_and_roll_back(run: Any) -> None:
    assert "fire-classifier/1 (fp32) judges" in run("activate", "fire-classifier", "1").output
    assert "fire-classifier/2 (fp32) judges" in run("rollback", "fire-classifier").output


def test_a_candidate_is_compared_and_not_promoted_without_evidence(run: Any) -> None:
    assert "shadow beside fire-classifier/2" in run("shadow", "fire-classifier", "1", "--share", "0.5").output
    compared = run("compare", "fire-classifier").output
    refused = run("promote", "fire-classifier")
    ended = run("shadow", "fire-classifier", "1", "--stop").output

    assert "fire-classifier/1, 50% of the frames" in compared
    assert "not yet: 0 frames were compared, 300 are needed" in compared
    assert refused.exit_code == 1
    assert "are needed" in refused.output
    assert "ended: stopped" in ended


def test_what_is_refused_is_explained(run: Any) -> None:
    result = run("activate", "fire-classifier", "9")

    assert result.exit_code == 1
    assert "no version 9" in result.output


def test_the_service_token_is_sent(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    secret = tmp_path / "token"
    secret.write_text("a-service-token-of-enough-characters\n")
    monkeypatch.setenv("HACKAI_SERVICE_TOKEN_FILE", str(secret))
    seen: List[str] = []

    class Guarded(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(self.headers["Authorization"])
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'{"models": []}')

        def log_message(self, format: str, *args: Any) -> None:
            """Stay quiet."""

    with HTTPServer(("127.0.0.1", 0), Guarded) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        monkeypatch.setenv("HACKAI_INFERENCE_URL", f"http://127.0.0.1:{server.server_port}")
        result = CliRunner().invoke(app, ["list"])
        thread.join(10)

    assert result.exit_code == 0
    assert seen == ["Bearer a-service-token-of-enough-characters"]


def test_a_service_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HACKAI_INFERENCE_URL", "http://127.0.0.1:1")

    result = CliRunner().invoke(app, ["list"])

    assert result.exit_code == 1
    assert "does not answer at http://127.0.0.1:1" in result.output
