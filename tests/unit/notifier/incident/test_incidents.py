from datetime import timedelta

from hackai_notifier.incident.incidents import Mark, further_place, merge
from hackai_shared.messages import Spot, utc_now
from notifier_harness import incident, later


def test_the_first_event_makes_the_incident() -> None:
    known = merge(None, incident(label="start_fire"))

    assert known.open
    assert known.version == 1
    assert not known.worsened


def test_a_worsening_is_remembered_with_what_it_began_as() -> None:
    event = incident(label="start_fire")
    known = merge(merge(None, event), later(event, "worsened", label="fire"))

    assert known.worsened
    assert (known.first_label, known.event.label, known.version) == ("start_fire", "fire", 2)


def test_a_late_older_event_does_not_turn_back_what_is_known() -> None:
    opened = incident(label="start_fire", peak_score=0.7)
    cleared = later(opened, "cleared", label="fire", peak_score=0.9, cleared_s=30.0)
    known = merge(merge(None, cleared), opened)

    assert not known.open
    assert known.event.change == "cleared"
    assert known.event.label == "fire"
    assert known.first_label == "start_fire"
    assert known.event.peak_score == 0.9


def test_a_fire_does_not_become_harmless_when_its_clearing_says_smoke() -> None:
    opened = incident(label="fire")
    known = merge(merge(None, opened), later(opened, "cleared", label="start_fire"))

    assert known.event.label == "fire"


def test_the_time_of_clearing_is_kept() -> None:
    opened = incident()
    cleared = later(opened, "cleared", created_at=opened.created_at + timedelta(seconds=90))

    assert merge(merge(None, opened), cleared).cleared_at == cleared.created_at


def test_an_id_cannot_lead_out_of_a_folder() -> None:
    assert merge(None, incident(incident_id="../../etc/passwd")).file_name == "______etc_passwd"


STOVE, SHELF = Spot(x=0.1, y=0.9), Spot(x=0.9, y=0.1)


def test_a_fire_at_a_further_place_has_to_be_answered_again() -> None:
    event = incident(places=[STOVE])
    for answer in ("acknowledged", "false_alarm"):
        mark = Mark(by="Ann", at=utc_now())
        known = merge(
            merge(None, event).model_copy(update={answer: mark}), later(event, "worsened", places=[STOVE, SHELF])
        )

        assert (known.acknowledged, known.false_alarm, known.acknowledged_before) == (None, None, mark)


def test_only_a_worsening_with_one_place_more_tells_of_a_further_place() -> None:
    event = incident(places=[STOVE])
    known = merge(None, event)
    further = later(event, "worsened", places=[STOVE, SHELF])

    assert further_place(known, further) == 2
    assert further_place(merge(known, further), further) is None
    assert further_place(known, later(event, "updated", places=[STOVE, SHELF])) is None
    assert further_place(known, later(event, "worsened")) is None
    assert further_place(None, further) is None


def test_flames_where_there_was_smoke_are_told_as_flames_and_not_as_a_place() -> None:
    smoke = incident(label="start_fire", places=[STOVE])

    assert further_place(merge(None, smoke), later(smoke, "worsened", label="fire", places=[SHELF])) is None
