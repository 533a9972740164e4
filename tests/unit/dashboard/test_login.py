from __future__ import annotations

import json
import time

import httpx
import pytest
from tests.unit.dashboard.conftest import BASE, HTML, House, token_of

import service_access
from hackai_dashboard.device import device_cookie
from hackai_dashboard.routes.login import local_path
from hackai_shared.security import Role

ORIGIN = {"origin": BASE}


async def issue(house: House, **voucher: object) -> httpx.Response:
    return await house.http.post("/v1/login-codes", json=voucher, headers=service_access.HEADERS)


async def test_a_code_logs_in_once_with_the_role_of_its_voucher(house: House) -> None:
    code = (await issue(house, subject="telegram:7", name="Ada", role="operator")).json()["code"]
    answer = await house.http.post("/login/code", data={"code": code, "next": "/incidents"}, headers=ORIGIN)
    assert (answer.status_code, answer.headers["location"]) == (303, "/incidents")
    page = (await house.http.get("/", headers=HTML)).text
    assert "Ada" in page
    assert "operator" in page
    assert "People" not in page  # for administrators
    house.http.cookies.clear()
    again = await house.http.post("/login/code", data={"code": code}, headers=ORIGIN)
    assert again.status_code == 403
    assert "wrong, was used" in again.text


async def test_only_services_vouch(house: House) -> None:
    body = {"subject": "x", "name": "x", "role": "admin"}
    assert (await house.http.post("/v1/login-codes", json=body)).status_code == 401
    person = {"authorization": f"Bearer {token_of(Role.ADMIN)}"}
    assert (await house.http.post("/v1/login-codes", json=body, headers=person)).status_code == 403
    assert (await issue(house, role="admin")).status_code == 422  # nobody in particular


async def test_a_token_says_who_it_is_whatever_the_voucher_adds(house: House) -> None:
    code = (await issue(house, token=token_of(Role.VIEWER), name="Root", role="admin")).json()["code"]
    await house.http.post("/login/code", data={"code": code}, headers=ORIGIN)
    page = (await house.http.get("/", headers=HTML)).text
    assert "Grace" in page
    assert "Root" not in page
    assert "viewer" in page
    assert (await issue(house, token=token_of(Role.ADMIN, exp=int(time.time()) - 60))).status_code == 422


async def test_guessing_is_slowed_down(house: House) -> None:
    statuses = [
        (await house.http.post("/login/code", data={"code": f"AAAA-AAA{n}"}, headers=ORIGIN)).status_code
        for n in range(8)
    ]
    assert statuses[:6] == [403] * 6
    assert statuses[6:] == [429] * 2


CLIENT, SECRET = "dashboard:" + "a1" * 12, "s" * 43
STEPS = [{"movement": "blink", "pace": "slowly"}, {"movement": "turn_left", "pace": "quickly"}]


async def pair(house: House) -> httpx.Response:
    """Log in with a code and let the browser be paired."""
    house.answers["POST face_auth/v1/devices/browsers"] = httpx.Response(
        201, json={"client": CLIENT, "secret": SECRET, "expires_at": time.time() + 1000}
    )
    code = (await issue(house, token=token_of(Role.ADMIN))).json()["code"]
    answer = await house.http.post("/login/code", data={"code": code, "pair": "true"}, headers=ORIGIN)
    house.http.cookies.delete("hackai")  # logged out, and still paired
    return answer


def challenges(house: House) -> None:
    house.answers["POST face_auth/v1/challenges"] = httpx.Response(
        201, json={"challenge_id": "c", "steps": STEPS, "expires_in_s": 45}
    )


async def test_a_browser_that_is_not_paired_gets_no_challenge(house: House) -> None:
    challenges(house)
    files = [("frames", ("0.jpg", b"jpeg", "image/jpeg"))]
    for cookie in ("", "nonsense", f"{'0' * 24}.short"):
        house.http.cookies.set("hackai-device", cookie, domain="box.test")
        for answer in (
            await house.http.post("/login/challenge", headers=ORIGIN),
            await house.http.post(
                "/login/face", data={"challenge_id": "c", "seconds": "4"}, files=files, headers=ORIGIN
            ),
        ):
            assert (answer.status_code, answer.json()["type"]) == (403, "urn:hackai:problem:not-paired")
    assert house.asked == []
    page = (await house.http.get("/login", headers=HTML)).text
    assert "This browser is not paired" in page
    assert 'id="begin"' not in page


async def test_a_code_pairs_the_browser_and_only_where_that_was_wanted(house: House) -> None:
    code = (await issue(house, subject="telegram:7", name="Ada", role="operator")).json()["code"]
    answer = await house.http.post("/login/code", data={"code": code}, headers=ORIGIN)
    assert not any("device" in value for value in answer.headers.get_list("set-cookie"))
    assert house.asked == []
    house.http.cookies.clear()
    answer = await pair(house)
    (device,) = [value for value in answer.headers.get_list("set-cookie") if "device" in value]
    assert device.startswith(f"hackai-device={CLIENT.partition(':')[2]}.{SECRET}; ")
    assert {"HttpOnly", "SameSite=Strict"} <= set(device.split("; "))
    assert json.loads(house.bodies[-1])["vouched_by"] == "a" * 32
    assert json.loads(house.bodies[-1])["person_id"] == "a" * 32


async def test_over_https_the_cookie_is_secure() -> None:
    cookie = device_cookie({"scheme": "https"}, CLIENT, SECRET, max_age_s=5)
    assert cookie.startswith("__Host-hackai-device=")
    assert cookie.endswith("; Secure")


async def test_a_face_logs_in(house: House) -> None:
    await pair(house)
    challenges(house)
    challenge = await house.http.post("/login/challenge", headers=ORIGIN)
    assert challenge.json()["steps"] == STEPS
    assert json.loads(house.bodies[-1]) == {"client": CLIENT, "device_secret": SECRET}
    assert house.asked[-1][2] == service_access.SERVICE_TOKEN

    token = token_of(Role.ADMIN)
    made = {"token": token, "person_id": "a" * 32, "name": "Grace", "role": "admin", "jti": "9" * 32}
    now = time.time()
    house.answers["POST face_auth/v1/sessions"] = httpx.Response(
        201, json={**made, "expires_at": now + 60, "auth_time": now, "live": True, "score": 0.7}
    )
    files = [("frames", ("0.jpg", b"jpeg", "image/jpeg"))]
    data = {"challenge_id": "c", "seconds": "4.5"}
    answer = await house.http.post("/login/face", data=data, files=files, headers=ORIGIN)
    assert answer.status_code == 204
    assert token not in answer.headers["set-cookie"]  # the browser gets a number, never the token
    csrf = list(house.site.sessions._sessions.values())[-1].csrf

    house.answers["DELETE face_auth/v1/sessions/" + "9" * 32] = httpx.Response(204)
    await house.post("/logout", csrf)
    assert house.asked[-1] == ("DELETE", "/v1/sessions/" + "9" * 32, token)


async def test_a_stranger_is_refused_in_words(house: House) -> None:
    await pair(house)
    problem = {"type": "urn:hackai:problem:login-unknown", "detail": "unknown face"}
    house.answers["POST face_auth/v1/sessions"] = httpx.Response(
        403, json=problem, headers={"content-type": "application/problem+json"}
    )
    files = [("frames", ("0.jpg", b"jpeg", "image/jpeg"))]
    data = {"challenge_id": "c", "seconds": "4.5"}
    answer = await house.http.post("/login/face", data=data, files=files, headers=ORIGIN)
    assert answer.status_code == 403
    assert answer.json()["detail"] == "unknown face"
    assert "set-cookie" not in answer.headers


async def test_a_known_browser_is_not_slowed_down_by_others_at_its_address(house: House) -> None:
    await pair(house)
    challenges(house)
    assert (await house.http.post("/login/challenge", headers=ORIGIN)).status_code == 200
    own = {"hackai-device": house.http.cookies["hackai-device"]}
    house.http.cookies.clear()
    refused = {"type": "urn:hackai:problem:device-unknown", "detail": "unknown"}
    house.answers["POST face_auth/v1/challenges"] = httpx.Response(
        403, json=refused, headers={"content-type": "application/problem+json"}
    )
    statuses = []
    for number in range(12):
        house.http.cookies.set("hackai-device", f"{number:024x}.{SECRET}", domain="box.test")
        statuses.append((await house.http.post("/login/challenge", headers=ORIGIN)).status_code)
    assert statuses[-1] == 429
    challenges(house)
    house.http.cookies.clear()
    house.http.cookies.set("hackai-device", own["hackai-device"], domain="box.test")
    assert (await house.http.post("/login/challenge", headers=ORIGIN)).status_code == 200


@pytest.mark.parametrize(
    ("wanted", "goes_to"),
    [("/incidents?q=1", "/incidents?q=1"), ("//evil", "/"), ("/\\evil", "/"), ("http://evil", "/"), ("/a\nb", "/")],
)
def test_the_login_leads_nowhere_else(wanted: str, goes_to: str) -> None:
    assert local_path(wanted) == goes_to
