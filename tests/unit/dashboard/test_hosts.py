"""The page answers to its own names only, and to what a named proxy says of them."""

from __future__ import annotations

import pytest
from tests.unit.dashboard.conftest import HTML, House

from hackai_dashboard.hosts import Hosts, host_name
from hackai_shared.security import Role

PROXY = "192.0.2.1"


@pytest.mark.parametrize(
    ("host", "known"),
    [
        ("fire.example.org", True),
        ("FIRE.example.org.:8443", True),
        ("localhost:8080", True),
        ("box.localhost", True),
        ("127.0.0.7", True),
        ("[::1]:8080", True),
        ("10.0.0.5:8080", True),  # the address that was connected to
        ("10.0.0.6", False),
        ("evil.example", False),
        ("localhost.evil.example", False),
        ("fire.example.org@evil.example", False),
        ("fire.example.org/evil", False),
        ("", False),
        ("[::1", False),
        ("x:y", False),
    ],
)
def test_which_names_are_ours(host: str, known: bool) -> None:
    assert Hosts(frozenset({"fire.example.org"})).knows(host, "10.0.0.5") is known


def test_what_is_no_name() -> None:
    assert host_name("a b") is None
    assert host_name("user@a") is None


async def test_a_foreign_name_is_told_what_to_do(house: House) -> None:
    house.log_in(Role.VIEWER)
    answer = await house.http.get("/login", headers={**HTML, "host": "rebound.example"})
    assert answer.status_code == 421
    assert "does not know the name rebound.example" in answer.text
    assert "dashboard.names in config.yml" in answer.text


async def test_probes_are_asked_for_no_name(house: House) -> None:
    assert (await house.http.get("/healthz", headers={"host": "10.9.8.7:8080"})).status_code == 200


async def test_behind_a_proxy_that_is_not_named_the_page_says_how(house: House) -> None:
    headers = {**HTML, "host": "127.0.0.1:8080", "origin": "https://box.test", "x-forwarded-host": "box.test"}
    answer = await house.http.post("/login/code", data={"code": "x"}, headers=headers)
    assert answer.status_code == 403
    assert answer.headers["content-type"].startswith("text/html")
    for words in (
        "a page of https://box.test",
        "http://127.0.0.1:8080",
        "dashboard.trusted_proxies",
        "X-Forwarded-Host",
    ):
        assert words in answer.text


async def test_behind_a_named_proxy_people_log_in(house: House) -> None:
    house.http._transport.client = (PROXY, 1)  # type: ignore[attr-defined]
    headers = {
        **HTML,
        "host": "127.0.0.1:8080",
        "origin": "https://box.test",
        "x-forwarded-host": "box.test",
        "x-forwarded-proto": "https",
        "x-forwarded-for": "203.0.113.7",
    }
    answer = await house.http.post("/login/code", data={"code": "x"}, headers=headers)
    assert answer.status_code == 403
    assert "This code is wrong" in answer.text  # it got as far as the code
    assert answer.headers["strict-transport-security"]


async def test_invented_addresses_are_no_new_guesses(house: House) -> None:
    said = []
    for number in range(12):
        headers = {"origin": "http://box.test", "x-forwarded-for": f"198.51.100.{number}"}
        said.append((await house.http.post("/login/code", data={"code": "x"}, headers=headers)).status_code)
    assert said == [403] * 6 + [429] * 6
