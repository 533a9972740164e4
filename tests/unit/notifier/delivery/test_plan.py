from collections.abc import Sequence

from hackai_notifier.delivery.plan import PlannedStep, plan_event
from hackai_notifier.people.recipients import Audience, Recipient
from notifier_harness import incident, later

ANN = Recipient("telegram", "1")
BOB = Recipient("telegram", "2")


def names(steps: Sequence[PlannedStep]) -> list[tuple[str, str]]:
    return [(step.step, step.recipient.address) for step in steps]


def test_texts_of_all_come_before_anybodys_pictures() -> None:
    steps = plan_event(incident(), first=True, has_picture=True, audiences=[Audience(ANN), Audience(BOB)], silent=False)

    assert names(steps) == [("text", "1"), ("text", "2"), ("photo", "1"), ("clip", "1"), ("photo", "2"), ("clip", "2")]
    assert [step.silent for step in steps] == [False, False, True, True, True, True]


def test_whoever_may_not_see_pictures_gets_the_text() -> None:
    steps = plan_event(
        incident(), first=True, has_picture=True, audiences=[Audience(ANN, pictures=False)], silent=False
    )

    assert names(steps) == [("text", "1")]


def test_a_worsening_is_an_edit_that_rings_and_a_new_picture() -> None:
    event = later(incident(), "worsened")
    steps = plan_event(event, first=False, has_picture=True, audiences=[Audience(ANN)], silent=False)

    assert names(steps) == [("edit", "1"), ("update", "1"), ("update_photo", "1")]
    assert [step.silent for step in steps] == [True, False, True]


def test_every_further_place_rings_and_brings_its_picture() -> None:
    event = later(incident(), "worsened")
    steps = plan_event(event, first=False, has_picture=True, audiences=[Audience(ANN)], silent=False, place=3)

    assert [(step.step, step.subject) for step in steps] == [
        ("edit", ""),
        ("update", "place 3"),
        ("update_photo", "place 3"),
    ]


def test_clearing_edits_and_rings_nobody() -> None:
    event = later(incident(), "cleared")

    assert names(plan_event(event, first=False, has_picture=False, audiences=[Audience(ANN)], silent=False)) == [
        ("edit", "1")
    ]


def test_an_incident_whose_beginning_was_lost_is_told_all_the_same() -> None:
    event = later(incident(), "worsened")
    steps = plan_event(event, first=True, has_picture=True, audiences=[Audience(ANN)], silent=False)

    assert names(steps) == [("text", "1"), ("photo", "1"), ("clip", "1")]


def test_an_opening_that_arrives_late_still_brings_its_picture() -> None:
    steps = plan_event(incident(), first=False, has_picture=True, audiences=[Audience(ANN)], silent=False)

    assert names(steps) == [("edit", "1"), ("photo", "1"), ("clip", "1")]


def test_a_snoozed_camera_is_told_silently() -> None:
    steps = plan_event(incident(), first=True, has_picture=False, audiences=[Audience(ANN)], silent=True)

    assert all(step.silent for step in steps)


def test_a_camera_fault_has_no_clip_and_a_canary_disturbs_nobody() -> None:
    fault = incident(kind="camera_fault", label="frozen")
    canary = incident(kind="canary")

    assert names(plan_event(fault, first=True, has_picture=True, audiences=[Audience(ANN)], silent=False)) == [
        ("text", "1"),
        ("photo", "1"),
    ]
    assert plan_event(canary, first=True, has_picture=True, audiences=[Audience(ANN)], silent=False) == []
