"""The door of the page: cookies, redirects, forged requests, headers."""

from __future__ import annotations

import time

import httpx
from tests.unit.dashboard.conftest import BASE, HTML, House, token_of, visitor

import service_access
from hackai_dashboard.headers import POLICY
from hackai_dashboard.sessions import ROTATE_S
from hackai_shared.security import Role


async def test_who_is_not_logged_in_is_led_to_the_login_and_back(house: House) -> None:
    answer = await house.http.get("/incidents?q=kitchen", headers=HTML)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/login?next=%2Fincidents%3Fq%3Dkitchen"
    assert (await house.http.get("/incidents")).status_code == 401  # a script is told, not led


async def test_a_cookie_opens_pages_until_it_is_revoked(house: House) -> None:
    house.log_in(jti="b" * 32)
    assert (await house.http.get("/", headers=HTML)).status_code == 200
    house.revoked.add("b" * 32)
    assert (await house.http.get("/", headers=HTML)).headers["location"] == "/login?next=%2F"


async def test_the_cookie_cannot_be_read_by_scripts_and_changes(house: House) -> None:
    house.log_in()
    number = str(house.http.cookies.get("hackai"))
    session = house.site.sessions.find(number)
    assert session is not None
    session.rotated_at -= ROTATE_S
    answer = await house.http.get("/", headers=HTML)
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert number not in cookie


async def test_over_https_the_cookie_is_bound_to_the_host(house: House) -> None:
    code = house.site.codes.issue(visitor())
    transport = httpx.ASGITransport(house.app)
    async with httpx.AsyncClient(transport=transport, base_url="https://box.test") as http:
        answer = await http.post("/login/code", data={"code": code}, headers={"origin": "https://box.test"})
    assert answer.headers["set-cookie"].startswith("__Host-hackai=")
    assert "Secure" in answer.headers["set-cookie"]
    assert answer.headers["strict-transport-security"]


async def test_a_role_that_is_too_low_is_told_so(house: House) -> None:
    csrf = house.log_in(Role.VIEWER)
    answer = await house.post("/incidents/f1/acknowledge", csrf)
    assert answer.status_code == 403
    assert "Not for you" in answer.text
    assert house.asked == []


async def test_forged_requests_are_refused(house: House) -> None:
    csrf = house.log_in()
    form = {"csrf": csrf}
    for headers in ({"origin": "http://evil"}, {}, {"sec-fetch-site": "cross-site"}, {"origin": "null"}):
        assert (await house.http.post("/logout", data=form, headers=headers)).status_code == 403, headers
    assert (await house.http.post("/logout", data={"csrf": "x"}, headers={"origin": BASE})).status_code == 403
    assert (await house.http.post("/logout", headers={"origin": BASE})).status_code == 403
    assert (await house.http.post("/logout", data=form, headers={"origin": BASE})).status_code == 303
    assert (await house.http.get("/", headers=HTML)).status_code == 303  # logged out


async def test_the_login_too_takes_nothing_from_another_site(house: House) -> None:
    answer = await house.http.post("/login/code", data={"code": "x"}, headers={"origin": "http://evil"})
    assert answer.status_code == 403


async def test_a_bearer_token_of_a_person_opens_pages_without_a_cookie(house: House) -> None:
    headers = {"authorization": f"Bearer {token_of(Role.VIEWER)}", **HTML}
    assert (await house.http.get("/", headers=headers)).status_code == 200
    assert (await house.http.get("/", headers={**service_access.HEADERS, **HTML})).status_code == 403


async def test_every_answer_says_what_a_browser_may_do(house: House) -> None:
    for path in ("/login", "/", "/static/x/page.css", "/static/x/nothing", "/healthz"):
        headers = (await house.http.get(path, headers=HTML)).headers
        assert headers["content-security-policy"] == POLICY
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["permissions-policy"].startswith("camera=(self)")


async def test_a_session_ends_with_its_token(house: House) -> None:
    house.log_in(expires_at=time.time() - 1)
    assert (await house.http.get("/", headers=HTML)).status_code == 303


async def test_no_api_documents_on_the_open_port(house: House) -> None:
    house.log_in()
    for path in ("/docs", "/openapi.json"):
        assert (await house.http.get(path)).status_code == 404
