from __future__ import annotations

import httpx
from pydantic import SecretStr
from tests.unit.dashboard.conftest import BASE, HTML, House

from hackai_shared.bus import names
from hackai_shared.messages import Actor, AuditRecord
from hackai_shared.security import Role

ID = "a" * 32
OWN = SecretStr("own")


async def test_only_administrators_see_people(house: House) -> None:
    house.log_in(Role.OPERATOR)
    assert (await house.http.get("/people", headers=HTML)).status_code == 403


async def test_people_and_the_audit_trail(house: House) -> None:
    house.log_in(Role.ADMIN, token=OWN)
    person = {"person_id": ID, "name": "Grace <i>", "role": "viewer", "created_at": 1.0, "photos": 3}
    house.answers["GET face_auth/v1/people"] = httpx.Response(200, json=[person])
    record = AuditRecord(actor=Actor(channel="telegram", id="1", name="Ada"), action="disarm", outcome="refused")
    await house.site.bus.append(names.AUDIT, record)
    page = (await house.http.get("/people", headers=HTML)).text
    assert "Grace &lt;i&gt;" in page
    assert "disarm" in page
    assert "refused" in page


async def test_a_code_does_not_change_who_is_let_in(house: House) -> None:
    house.log_in(Role.ADMIN)
    assert "Log in with your face" in (await house.http.get("/people", headers=HTML)).text
    assert house.asked == []


async def test_what_administrators_do_is_done_in_their_name(house: House) -> None:
    csrf = house.log_in(Role.ADMIN, token=OWN)
    house.answers[f"PATCH face_auth/v1/people/{ID}"] = httpx.Response(200, json={})
    house.answers[f"DELETE face_auth/v1/people/{ID}/sessions"] = httpx.Response(200, json={"ended": 1})
    house.answers[f"DELETE face_auth/v1/people/{ID}"] = httpx.Response(409, json={"detail": "the last administrator"})
    await house.post(f"/people/{ID}/role", csrf, role="operator")
    await house.post(f"/people/{ID}/revoke", csrf)
    await house.post(f"/people/{ID}/delete", csrf)
    assert {token for _, _, token in house.asked} == {"own"}
    house.answers["GET face_auth/v1/people"] = httpx.Response(200, json=[])
    assert "Not done: the last administrator" in (await house.http.get("/people", headers=HTML)).text


async def test_a_photo_is_checked_before_it_is_taken(house: House) -> None:
    csrf = house.log_in(Role.ADMIN, token=OWN)
    house.answers["POST face_auth/v1/photos/check"] = httpx.Response(200, json={"reasons": ["come closer"]})
    headers = {"origin": BASE, "x-csrf-token": csrf}
    answer = await house.http.post("/people/check", files={"photo": ("p.jpg", b"jpeg", "image/jpeg")}, headers=headers)
    assert answer.json() == {"reasons": ["come closer"]}
    headers["x-csrf-token"] = "wrong"
    refused = await house.http.post("/people/check", files={"photo": ("p.jpg", b"jpeg", "image/jpeg")}, headers=headers)
    assert refused.status_code == 403
