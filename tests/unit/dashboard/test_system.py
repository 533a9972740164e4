from __future__ import annotations

from typing import Any

import httpx
import pytest
from tests.unit.dashboard.conftest import HTML, House

from hackai_dashboard.routes.system import canary_of, legs_of
from hackai_shared.bus import names
from hackai_shared.messages import DoctorFinding, DoctorReport, ServiceStatus
from hackai_shared.security import Role


def test_a_leg_that_is_needed_and_silent_is_shown() -> None:
    assert [leg["state"] for leg in legs_of("camera", [])] == ["silent"]
    assert legs_of("compression", []) == []
    status = ServiceStatus(service="camera", instance="a-1", ready=False, checks={"front": "failing: no frame"})
    (leg,) = legs_of("camera", [status])
    assert leg["state"] == "failing"
    assert leg["checks"] == [{"name": "front", "ok": False, "detail": "no frame"}]


async def test_the_page_shows_legs_and_the_doctors_advice(house: House) -> None:
    house.log_in(Role.VIEWER)
    bus = house.site.bus
    await bus.heartbeat(ServiceStatus(service="inference", instance="b-2", ready=True), expires_s=60)
    finding = DoctorFinding(check="disk", level="problem", issue="the disk is full", suggestion="make room")
    await bus.client.set(names.DOCTOR, DoctorReport(findings=[finding]).model_dump_json())
    page = (await house.http.get("/system", headers=HTML)).text
    assert page.count(">does not respond<") == 2
    assert "b-2" in page
    assert "How to fix it: make room" in page
    assert "notifier does not answer" in page
    assert "Canary" not in page  # nobody tells of it


async def test_the_last_drills_with_the_seconds_of_each_leg(house: House) -> None:
    house.log_in(Role.VIEWER)
    drill = {
        "drill_id": "d1", "by": "Ann", "ordered_at": "2026-11-24T10:00:00.123456Z", "outcome": "passed", "reason": "",
        "whole_s": 7.26, "legs": [{"name": "order to first frame", "seconds": 1.234567}],
    }  # fmt: skip
    failed = {**drill, "outcome": "failed", "reason": "not delivered to telegram 7", "whole_s": None, "legs": []}
    house.answers["GET notifier/v1/drills"] = httpx.Response(200, json=[drill, failed])
    page = (await house.http.get("/system", headers=HTML)).text
    for fact in (
        "2026-11-24 10:00:00 UTC",
        "Ann",
        ">7.3<",
        "order to first frame 1.2 s",
        "not delivered to telegram 7",
    ):
        assert fact in page
    house.answers["GET notifier/v1/drills"] = httpx.Response(200, json=[])
    assert "None yet." in (await house.http.get("/system", headers=HTML)).text


def notifier(**canary: Any) -> ServiceStatus:
    said = {"enabled": True, "delivered_at": None, "broken": None, **canary}
    return ServiceStatus(service="notifier", instance="n-1", ready=True, details={"canary": said})


@pytest.mark.parametrize(
    ("said", "state"),
    [
        ({}, "waiting"),
        ({"delivered_at": 1.0}, "working"),
        ({"delivered_at": 1.0, "broken": {"leg": "camera", "reason": "no frames"}}, "broken"),
        ({"enabled": False, "delivered_at": 1.0}, "off"),
    ],
)
def test_what_is_said_of_the_canary(said: dict[str, Any], state: str) -> None:
    found = canary_of([notifier(**said)])
    assert found is not None
    assert (found["state"], found["at"]) == (state, said.get("delivered_at"))
    assert canary_of([ServiceStatus(service="notifier", instance="n-1", ready=True)]) is None


async def test_a_broken_canary_is_shown_with_its_reason_and_last_time(house: House) -> None:
    house.log_in(Role.VIEWER)
    broken = {"leg": "camera", "reason": "the camera service gives no sign of life"}
    await house.site.bus.heartbeat(notifier(delivered_at=1_795_514_400.0, broken=broken), expires_s=60)
    page = (await house.http.get("/system", headers=HTML)).text
    assert "Canary" in page
    assert broken["reason"] in page
    assert "2026-11-24 10:00:00 UTC" in page
