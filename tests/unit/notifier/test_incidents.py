from datetime import timedelta

from hackai_notifier.incidents import merge
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
