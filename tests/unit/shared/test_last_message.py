"""The message that needs neither disk nor Redis."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, Dict, Iterator, List, Tuple

import pytest

from hackai_shared.config import HackAIConfig
from hackai_shared.last_message import (
    LASTING_S,
    QUIET_S,
    CauseBook,
    NotSent,
    Target,
    post_json,
    send_now,
    targets_of,
    telegram_token,
)

TOKEN = "123456789:AAEhBOweik6ad9r_QXMENQjcrGbqCr4K-bc"


def config(**notifier: Any) -> HackAIConfig:
    return HackAIConfig.model_validate({"cameras": {}, "notifier": notifier})


@pytest.fixture
def receiver() -> Iterator[Tuple[str, List[Tuple[str, Dict[str, Any]]]]]:
    """A real HTTP server that keeps what it gets; /refuse answers 403."""
    got: List[Tuple[str, Dict[str, Any]]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            got.append((self.path, body))
            self.send_response(403 if "refuse" in self.path else 200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", got
    server.shutdown()
    server.server_close()
    thread.join()


def test_administrators_are_told_first_and_chats_only_where_no_administrator_is_reached(
    receiver: Tuple[str, List[Tuple[str, Dict[str, Any]]]],
) -> None:
    url, got = receiver
    groups = targets_of(config(telegram={"chats": [1, 2], "admins": [2], "api_url": url}), TOKEN)
    assert send_now(groups, "Redis is down") == ["telegram 2"]
    assert got == [(f"/bot{TOKEN}/sendMessage", {"chat_id": 2, "text": "Redis is down"})]
    unreachable = [Target("telegram 9", "http://127.0.0.1:9/", {})]
    assert send_now([unreachable, *groups[1:]], "Redis is down") == ["telegram 1"]


def test_webhooks_are_the_way_without_a_bot(receiver: Tuple[str, List[Tuple[str, Dict[str, Any]]]]) -> None:
    url, got = receiver
    groups = targets_of(config(webhooks=[{"url": f"{url}/hook", "name": "desk"}]), None)
    assert send_now(groups, "disk full") == ["webhook desk"]
    assert got == [("/hook", {"schema_version": 1, "step": "notice", "text": "disk full"})]


def test_a_refusal_is_no_delivery_and_names_no_secret(receiver: Tuple[str, List[Tuple[str, Dict[str, Any]]]]) -> None:
    url, _ = receiver
    with pytest.raises(NotSent, match=r"^answered 403$"):
        post_json(f"{url}/refuse/{TOKEN}", {}, 2.0)
    assert TOKEN not in repr(targets_of(config(telegram={"chats": [1], "api_url": url}), TOKEN))


def test_requests_are_bounded() -> None:
    asked: List[str] = []

    def post(url: str, _body: Dict[str, object], _timeout_s: float) -> None:
        asked.append(url)
        raise NotSent("timeout")

    assert send_now([[Target(str(n), str(n), {}) for n in range(500)]] * 3, "text", post=post) == []
    assert len(asked) == 12


def test_a_cause_is_told_once_and_its_end_once() -> None:
    book = CauseBook()
    assert book.begin("redis", 100.0)
    assert not book.begin("redis", 101.0)
    assert book.end("redis", 103.0) == pytest.approx(3.0)
    assert book.end("redis", 104.0) is None


def test_a_cause_that_keeps_coming_back_is_told_again_only_where_it_lasts() -> None:
    book = CauseBook()
    book.begin("redis", 0.0)
    book.end("redis", 2.0)
    assert not book.begin("redis", 10.0)
    assert book.end("redis", 12.0) is None
    assert not book.begin("redis", 20.0)
    assert book.lasting(20.0 + LASTING_S) == ["redis"]
    assert book.begin("redis", 20.0 + LASTING_S)
    assert book.end("redis", 60.0) == pytest.approx(40.0)
    assert book.times("redis") == 3
    assert book.begin("redis", 60.0 + QUIET_S + 1)
    assert book.times("redis") == 1


def test_the_token_comes_from_the_environment_or_from_its_file(tmp_path: Any) -> None:
    (tmp_path / "token").write_text(TOKEN + "\n")
    assert telegram_token({"HACKAI_TELEGRAM_TOKEN": TOKEN}) == TOKEN
    assert telegram_token({"HACKAI_TELEGRAM_TOKEN_FILE": str(tmp_path / "token")}) == TOKEN
    assert telegram_token({"HACKAI_TELEGRAM_TOKEN_FILE": str(tmp_path / "missing")}) is None
    assert telegram_token({}) is None
