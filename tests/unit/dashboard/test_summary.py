"""The overall state of the page: nothing is called clear that is not, and nothing hides behind something else."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from tests.unit.dashboard.conftest import House, Incidents

from hackai_shared.bus import Bus
from hackai_shared.messages import CameraStatus, ServiceStatus
from hackai_shared.security import Role

MARK = {"by": "Ada", "at": "2026-11-24T10:01:00Z"}
OFF = {"camera": "*", "by": "Ada", "until": "2026-11-24T12:00:00+00:00"}


async def beat(bus: Bus, *, judged_s: float | None = 0.2, without: str = "", **details: Any) -> None:
    """Let all services that are needed give a heartbeat, and one camera be judged."""
    camera = CameraStatus(
        camera_id="front", name="Front door", state="running", source="x", epoch="e", frames=9, dropped=0,
        reconnects=0, fps=5.0, last_frame_age_s=0.1,
    )  # fmt: skip
    for service in ("camera", "inference", "notifier"):
        if service == without:
            continue
        status = ServiceStatus(
            service=service,
            instance="1",
            ready=True,
            cameras=[camera] if service == "camera" else [],
            judged_s={"front": judged_s} if service == "inference" and judged_s is not None else {},
            details=details if service == "notifier" else {},
        )
        await bus.heartbeat(status, expires_s=30)


async def summary(house: House, *incidents: dict[str, Any]) -> str:
    house.log_in(Role.OPERATOR)
    house.answers["GET notifier/v1/incidents"] = httpx.Response(200, json=list(incidents))
    return (await house.http.get("/live/summary")).text


async def test_all_clear_is_said_where_every_camera_is_judged(house: House, bus: Bus) -> None:
    await beat(bus)
    page = await summary(house)
    assert "All clear" in page
    assert "1 camera watched" in page


async def test_a_fire_that_somebody_acknowledged_still_burns(house: House, bus: Bus, incident: Incidents) -> None:
    await beat(bus)
    page = await summary(house, incident(acknowledged=MARK, actions=["false_alarm", "snooze"]))
    assert "Acknowledged by Ada, still burning" in page
    assert "All clear" not in page
    assert ">Acknowledge<" not in page


async def test_a_fire_that_was_called_false_is_not_clear_either(house: House, bus: Bus, incident: Incidents) -> None:
    await beat(bus)
    page = await summary(house, incident(false_alarm=MARK, actions=["undo_false_alarm"]))
    assert "Marked as a false alarm by Ada, still burning" in page
    assert "All clear" not in page


async def test_a_fire_that_hides_says_so_beside_its_peak(house: House, bus: Bus, incident: Incidents) -> None:
    await beat(bus)
    page = await summary(house, incident(visible=False, score=0.0, peak_score=1.0))
    assert "99 %" in page
    assert "not visible right now" in page


@pytest.mark.parametrize("judged_s", [None, 14.0])
async def test_a_camera_that_is_not_judged_does_not_hide_behind_a_ringing_fire(
    house: House, bus: Bus, incident: Incidents, judged_s: float | None
) -> None:
    await beat(bus, judged_s=judged_s)
    page = await summary(house, incident())
    assert 'class="banner fire"' in page
    assert "1 of 1 cameras not watched" in page
    assert "Front door: a fire there would not be noticed." in page


@pytest.mark.parametrize(
    ("beats", "said"),
    [
        ({"without": "inference"}, "Unavailable: inference."),
        ({"disarmed": [OFF]}, "Disarmed by Ada"),
    ],
)
async def test_what_is_not_clear(house: House, bus: Bus, beats: dict[str, Any], said: str) -> None:
    await beat(bus, **beats)
    page = await summary(house)
    assert said in page
    assert "All clear" not in page


async def test_a_covered_lens_is_not_clear(house: House, bus: Bus, incident: Incidents) -> None:
    await beat(bus)
    page = await summary(house, incident(kind="camera_fault", label="covered"))
    assert "Camera fault: lens covered" in page
    assert "All clear" not in page


async def test_a_notifier_that_does_not_answer_is_not_clear(house: House, bus: Bus) -> None:
    await beat(bus)
    house.log_in(Role.VIEWER)
    page = (await house.http.get("/live/summary")).text
    assert "Unavailable: notifier." in page
    assert "All clear" not in page


@pytest.mark.parametrize(
    ("label", "probabilities", "drawn"),
    [
        ("no_fire", {"no_fire": 1.0, "fire": 0.0, "start_fire": 0.0}, False),
        ("no_fire", {"no_fire": 0.6, "fire": 0.4, "start_fire": 0.0}, False),
        ("fire", {"no_fire": 0.1, "fire": 0.9, "start_fire": 0.0}, True),
    ],
)
async def test_a_heat_map_is_drawn_of_a_danger_alone(
    house: House, label: str, probabilities: dict[str, float], drawn: bool
) -> None:
    house.log_in(Role.VIEWER)
    house.answers["GET camera/v1/cameras/front/snapshot.jpg"] = httpx.Response(200, content=b"jpeg")
    said = {"label": label, "probabilities": probabilities, "explanation": {"label": label, "heat_map": [[1.0]]}}
    house.answers["POST inference/v1/predict"] = httpx.Response(200, json=said)
    rows = (await house.http.get("/cameras/front/heat")).json()["rows"]
    assert rows == ([[1.0]] if drawn else [])


@pytest.mark.parametrize(
    ("actions", "shown", "hidden"),
    [
        (["acknowledge", "false_alarm", "snooze"], ["acknowledge", "false-alarm", "snooze"], ["undo-false-alarm"]),
        (["undo_false_alarm"], ["undo-false-alarm"], ["acknowledge", "/false-alarm", "snooze"]),
        (["false_alarm"], ["false-alarm"], ["acknowledge", "snooze"]),
    ],
)
async def test_the_page_of_an_incident_offers_what_the_chat_offers(
    house: House, incident: Incidents, actions: list[str], shown: list[str], hidden: list[str]
) -> None:
    house.log_in(Role.OPERATOR)
    house.answers["GET notifier/v1/incidents/f1"] = httpx.Response(200, json=incident(actions=actions))
    page = (await house.http.get("/incidents/f1", headers={"accept": "text/html"})).text
    assert "confirmed; notified: the neighbor, console" in page
    for action in shown:
        assert f'action="/incidents/f1/{action}"' in page
    for action in hidden:
        assert f'action="/incidents/f1{action if action.startswith("/") else "/" + action}"' not in page


async def test_an_empty_search_says_no_more_than_it_knows(house: House) -> None:
    house.log_in(Role.VIEWER)
    house.answers["GET notifier/v1/incidents"] = httpx.Response(200, json=[])
    page = (await house.http.get("/incidents?q=kitchen", headers={"accept": "text/html"})).text
    assert "No incidents match this search." in page


async def test_cameras_that_are_gone_can_be_looked_for(house: House, incident: Incidents) -> None:
    house.log_in(Role.VIEWER)
    old = incident(camera_id="attic", camera_name="Attic", open=False, closed_because="camera removed")
    house.answers["GET notifier/v1/incidents"] = httpx.Response(200, json=[old])
    page = (await house.http.get("/incidents", headers={"accept": "text/html"})).text
    assert '<option value="attic">Attic</option>' in page
    assert "camera removed" in page
