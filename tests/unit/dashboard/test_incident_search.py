from __future__ import annotations

import pytest
from tests.unit.dashboard.conftest import Incidents

from hackai_dashboard.incident_search import Incident, Search, by_day

MARK = {"by": "Ada Lovelace", "at": "2026-11-24T10:01:00Z"}


@pytest.mark.parametrize(
    ("search", "found"),
    [
        (Search(), True),
        (Search(text="fire front"), True),
        (Search(text="ADA 2026-11-24"), True),
        (Search(text="kitchen"), False),
        (Search(camera="front"), True),
        (Search(camera="kitchen"), False),
        (Search(kind="camera_fault"), False),
        (Search(state="open"), True),
        (Search(state="unacknowledged"), False),
        (Search(state="false_alarm"), False),
        (Search(state="acknowledged"), True),
        (Search(state="cleared"), False),
        (Search(state="camera_gone"), False),
    ],
)
def test_what_is_meant(incident: Incidents, search: Search, found: bool) -> None:
    assert search.matches(Incident.model_validate(incident(acknowledged=MARK))) is found


def test_what_rings(incident: Incidents) -> None:
    assert Incident.model_validate(incident()).rings
    for changes in ({"acknowledged": MARK}, {"false_alarm": MARK}, {"open": False}, {"kind": "drill"}):
        assert not Incident.model_validate(incident(**changes)).rings


def test_days_keep_their_order(incident: Incidents) -> None:
    found = [
        Incident.model_validate(incident(opened_at=at))
        for at in ("2026-11-24T10:00:00Z", "2026-11-24T09:00:00Z", "2026-11-23T10:00:00Z")
    ]
    assert [(day, len(those)) for day, those in by_day(found)] == [("2026-11-24", 2), ("2026-11-23", 1)]


def test_an_incident_of_a_camera_that_is_gone_is_found_as_such(incident: Incidents) -> None:
    gone = Incident.model_validate(
        incident(open=False, cleared_at="2026-11-24T10:05:00Z", closed_because="camera removed")
    )
    assert Search(state="camera_gone").matches(gone)
    assert Search(text="camera removed").matches(gone)
    assert not Search(state="cleared").matches(gone)


@pytest.mark.parametrize(
    ("changes", "answer"),
    [
        ({}, "Unacknowledged"),
        ({"acknowledged": MARK}, "Acknowledged by Ada Lovelace"),
        ({"acknowledged": MARK, "false_alarm": MARK}, "Marked as a false alarm by Ada Lovelace"),
    ],
)
def test_who_said_what_about_a_fire_that_burns(incident: Incidents, changes: dict[str, object], answer: str) -> None:
    known = Incident.model_validate(incident(**changes))
    assert known.burns
    assert known.answer == answer
