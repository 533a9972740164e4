"""What people are told about an incident."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta, timezone
from typing import Callable

import pytest

from hackai_inference.decision.confirmation import Transition, Verdict
from hackai_inference.decision.incidents import UPDATE_EVERY_S, IncidentLog, JudgedFrame, OpenIncident
from hackai_inference.decision.places import PLACES, place_at
from hackai_shared.messages import FrameRef, IncidentEvent, ModelRef

START = datetime(2026, 1, 1, tzinfo=timezone.utc)
MODEL = ModelRef(name="fire-classifier", version=1, variant="fp32")


def at(second: float) -> datetime:
    return START + timedelta(seconds=second)


def frame(second: float, fire: float = 0.9, start_fire: float = 0.0) -> JudgedFrame:
    ref = FrameRef(camera_id="front", epoch="e", sequence=int(second * 10), captured_at=at(second), stream_s=second)
    return JudgedFrame(ref, fire, start_fire, MODEL)


def verdict(*steps: Transition, state: str = "confirmed", positive: bool = True) -> Verdict:
    return Verdict(state, 1.0, positive, None, steps)  # type: ignore[arg-type]


def opened(second: float, label: str = "fire", replaces: bool = False) -> Transition:
    return Transition("opened", label, second - 1.0, second, 8, 10, replaces)  # type: ignore[arg-type]


@pytest.fixture
def new_id() -> Callable[[], str]:
    numbers = itertools.count()
    return lambda: f"id{next(numbers)}"


@pytest.fixture
def log(new_id: Callable[[], str]) -> IncidentLog:
    return IncidentLog("front", "Front door", new_id=new_id)


def test_an_opened_incident_says_when_it_began_and_when_it_was_confirmed(log: IncidentLog) -> None:
    (event,) = log.advance(verdict(opened(5.0)), frame(5.0), at(5.2))

    assert (event.change, event.label, event.revision, event.camera_name) == ("opened", "fire", 0, "Front door")
    assert (event.opened_s, event.confirmed_s) == (4.0, 5.0)
    assert (event.opened_at, event.confirmed_at, event.created_at) == (at(4.0), at(5.0), at(5.2))
    assert (event.score, event.peak_score) == (0.9, 0.9)
    assert (event.frames_positive, event.frames_seen) == (8, 10)
    assert event.model == MODEL
    assert log.open is not None


def test_a_worsening_keeps_the_incident_and_takes_the_scores_of_the_worse_label(log: IncidentLog) -> None:
    (first,) = log.advance(verdict(opened(5.0, "start_fire")), frame(5.0, 0.1, 0.85), at(5.0))
    worsened = Transition("worsened", "fire", 7.0, 8.0, 5, 5)
    (second,) = log.advance(verdict(worsened), frame(8.0, 0.7, 0.3), at(8.0))

    assert first.score == pytest.approx(0.95)
    assert second.incident_id == first.incident_id
    assert (second.change, second.label, second.revision) == ("worsened", "fire", 1)
    assert (second.opened_s, second.confirmed_s) == (first.opened_s, 8.0)
    assert (second.score, second.peak_score) == (0.7, 0.7)


def test_a_further_place_is_a_worsening_that_names_one_place_more(log: IncidentLog) -> None:
    log.advance(verdict(Transition("opened", "fire", 4.0, 5.0, 8, 10, place=0)), frame(5.0), at(5.0))
    further = Transition("further", "fire", 19.0, 22.0, 30, 30, place=PLACES - 1)
    (event,) = log.advance(verdict(further), frame(22.0, 0.95), at(22.0))
    (over,) = log.advance(verdict(Transition("cleared", "fire", 4.0, 60.0, 0, 0)), frame(60.0), at(60.0))

    assert (event.change, event.label, event.revision) == ("worsened", "fire", 1)
    assert (event.opened_s, event.confirmed_s) == (4.0, 5.0)
    assert [place_at((spot.x, spot.y)) for spot in event.places] == [0, PLACES - 1]
    assert over.places == event.places


def test_flames_in_smoke_count_their_places_anew(log: IncidentLog) -> None:
    log.advance(verdict(Transition("opened", "start_fire", 4.0, 5.0, 8, 10, place=3)), frame(5.0, 0.1, 0.8), at(5.0))
    (event,) = log.advance(verdict(Transition("worsened", "fire", 7.0, 8.0, 5, 5, place=9)), frame(8.0), at(8.0))

    assert [place_at((spot.x, spot.y)) for spot in event.places] == [9]


def test_another_fire_in_the_same_breath_names_the_one_before(log: IncidentLog) -> None:
    (first,) = log.advance(verdict(opened(5.0, "start_fire")), frame(5.0), at(5.0))
    cleared = Transition("cleared", "start_fire", 4.0, 9.0, 0, 0)

    ended, second = log.advance(verdict(cleared, opened(9.0, replaces=True)), frame(9.0), at(9.0))

    assert (ended.change, ended.incident_id, ended.cleared_s) == ("cleared", first.incident_id, 9.0)
    assert second.change == "opened"
    assert second.incident_id != first.incident_id
    assert second.previous_incident_id == first.incident_id


def test_updates_come_only_when_something_changed_and_not_too_often(log: IncidentLog) -> None:
    log.advance(verdict(opened(5.0)), frame(5.0, 0.8), at(5.0))

    def play(begin: float, end: float, fire: float) -> list[IncidentEvent]:
        events: list[IncidentEvent] = []
        for tenth in range(int(begin * 10), int(end * 10)):
            events += log.advance(verdict(), frame(tenth / 10, fire), at(tenth / 10))
        return events

    assert play(5.1, 5.0 + UPDATE_EVERY_S, 0.95) == []
    told = play(5.0 + UPDATE_EVERY_S, 30.0, 0.95)
    assert [(event.change, event.revision, event.peak_score) for event in told] == [("updated", 1, 0.95)]
    assert told[0].frames_seen == 10 + 50


def test_event_ids_and_revisions_are_unique(log: IncidentLog) -> None:
    events = log.advance(verdict(opened(5.0)), frame(5.0, 0.7), at(5.0))
    for second in range(6, 60):
        events += log.advance(verdict(), frame(second, 0.7 + 0.005 * second), at(second))
    events += log.advance(verdict(Transition("cleared", "fire", 4.0, 60.0, 0, 0)), frame(60.0), at(60.0))

    assert [event.revision for event in events] == list(range(len(events)))
    assert len({event.event_id for event in events}) == len(events) > 3
    assert log.open is None


def test_an_open_incident_survives_a_restart_with_its_id(log: IncidentLog, new_id: Callable[[], str]) -> None:
    (first,) = log.advance(verdict(opened(5.0)), frame(5.0), at(5.0))
    assert log.open is not None
    stored = OpenIncident.model_validate_json(log.open.model_dump_json())

    again = IncidentLog("front", "Front door", new_id=new_id, incident=stored)
    (ended,) = again.advance(verdict(Transition("cleared", "fire", 4.0, 9.0, 0, 0)), frame(9.0), at(9.0))

    assert (ended.incident_id, ended.revision) == (first.incident_id, 1)


def test_a_forsaken_incident_is_closed(log: IncidentLog) -> None:
    (first,) = log.advance(verdict(opened(5.0)), frame(5.0), at(5.0))

    (ended,) = log.abandon(at(5000.0))

    assert (ended.change, ended.incident_id, ended.revision) == ("cleared", first.incident_id, 1)
    assert log.abandon(at(5001.0)) == []


def test_a_clock_that_was_rebased_does_not_date_the_begin_after_the_confirmation(log: IncidentLog) -> None:
    step = Transition("opened", "fire", 7.0, 5.0, 3, 3)

    (event,) = log.advance(verdict(step), frame(5.0), at(5.0))

    assert event.opened_at <= event.confirmed_at
