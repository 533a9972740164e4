from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import httpx
from pydantic import SecretStr
from tests.unit.dashboard.conftest import HTML, House, Incidents

import service_access
from hackai_shared.security import Role

DONE = httpx.Response(200, json={"outcome": "applied", "message": "Acknowledged.", "incident": None})


async def test_the_timeline_and_its_search(house: House, incident: Incidents) -> None:
    house.log_in(Role.VIEWER)
    listed = [incident(), incident(incident_id="f2", camera_name="Kitchen <b>", label="start_fire")]
    house.answers["GET notifier/v1/incidents"] = httpx.Response(200, json=listed)
    page = (await house.http.get("/incidents", headers=HTML)).text
    assert page.count('class="card"') == 2
    assert "Kitchen &lt;b&gt;" in page  # names are text
    part = await house.http.get("/incidents?q=kitchen", headers={"x-fragment": "1"})
    assert part.text.count('class="card"') == 1
    assert "<html" not in part.text


async def test_a_notifier_that_is_away_is_shown_as_such(house: House) -> None:
    house.log_in()
    page = await house.http.get("/incidents", headers=HTML)
    assert page.status_code == 200
    assert "notifier does not answer" in page.text
    gone = await house.http.get("/incidents/f1", headers=HTML)
    assert gone.status_code == 503
    assert "Away for the moment" in gone.text


async def test_orders_carry_the_persons_own_token(house: House) -> None:
    csrf = house.log_in(Role.OPERATOR, token=SecretStr("the-token"))
    house.answers["POST notifier/v1/incidents/f1/acknowledge"] = DONE
    answer = await house.post("/incidents/f1/acknowledge", csrf, next="/")
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert house.asked == [("POST", "/v1/incidents/f1/acknowledge", "the-token")]
    assert json.loads(house.bodies[0]) == {}
    assert "Acknowledged." in (await house.http.get("/", headers=HTML)).text


async def test_without_a_token_the_service_speaks_for_the_person_by_name(house: House) -> None:
    csrf = house.log_in(Role.OPERATOR, name="Ada")
    house.answers["POST notifier/v1/incidents/f1/snooze"] = DONE
    await house.post("/incidents/f1/snooze", csrf, minutes="60")
    assert house.asked[0][2] == service_access.SERVICE_TOKEN
    assert json.loads(house.bodies[0]) == {"by": "Ada", "duration_s": 3600.0}


async def test_the_live_page_says_what_matters(house: House, incident: Incidents) -> None:
    house.log_in(Role.VIEWER)
    now = datetime.now(UTC) - timedelta(seconds=5)
    house.answers["GET notifier/v1/incidents"] = httpx.Response(200, json=[incident(opened_at=now.isoformat())])
    page = (await house.http.get("/live/summary")).text
    assert 'class="banner fire"' in page
    assert "Acknowledge" not in page  # a viewer may not
    house.answers["GET notifier/v1/incidents"] = httpx.Response(200, json=[])
    assert "Not watching" in (await house.http.get("/live/summary")).text  # no heartbeat of anybody
