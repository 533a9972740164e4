from __future__ import annotations

from tests.unit.dashboard.conftest import HTML, House

from hackai_dashboard.routes.system import legs_of
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
    assert page.count("no sign of life") == 2
    assert "b-2" in page
    assert "How to mend it: make room" in page
    assert "Drills" not in page  # the notifier has none to tell of
