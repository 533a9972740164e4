"""What the pages of the cameras say beside the picture."""

from __future__ import annotations

from tests.unit.dashboard.conftest import HTML, House

from hackai_shared.messages import ServiceStatus
from hackai_shared.security import Role


async def test_a_camera_says_what_it_learned(house: House) -> None:
    house.log_in(Role.VIEWER)
    camera = next(iter(house.site.cameras))
    learned = {camera: {"days": 3.0, "false_alarms": 1, "counts_from": 0.81, "share": 0.05}}
    details = {"learned": learned}
    await house.site.bus.heartbeat(
        ServiceStatus(service="inference", instance="i", ready=True, details=details), expires_s=60
    )

    said = "At places counts from 81 %, learned from 3 days and 1 false alarm"
    assert said in (await house.http.get("/", headers=HTML)).text
    assert said in (await house.http.get(f"/cameras/{camera}", headers=HTML)).text


async def test_a_camera_that_raised_nothing_says_nothing(house: House) -> None:
    house.log_in(Role.VIEWER)
    assert "learned from" not in (await house.http.get("/", headers=HTML)).text
