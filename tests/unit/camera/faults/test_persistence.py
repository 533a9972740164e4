"""Only what persists is told, and only what has passed is over."""

from __future__ import annotations

import pytest

from hackai_camera.faults.persistence import PERSISTS_S, Fault, FaultChange, Persistence


def play(persistence: Persistence, conditions: list[Fault | None], start: float = 0.0) -> list[FaultChange]:
    """A look every second."""
    changes = (persistence.note(condition, start + second) for second, condition in enumerate(conditions))
    return [change for change in changes if change is not None]


@pytest.mark.parametrize(("fault", "seconds"), PERSISTS_S.items())
def test_it_is_told_when_it_has_persisted(fault: Fault, seconds: float) -> None:
    persistence = Persistence()

    early = play(persistence, [None, *[fault] * int(seconds)])
    told = play(persistence, [fault] * 4, start=1 + seconds)

    assert [change.change for change in early + told] == ["opened"]
    assert persistence.fault == fault


def test_somebody_who_walks_past_is_not_told() -> None:
    assert play(Persistence(), [None, *["covered"] * 7, *[None] * 9, *["covered"] * 7, None]) == []


def test_a_hand_that_moves_is_one_trouble_however_it_looks() -> None:
    kinds: list[Fault | None] = ["covered", "defocused", "covered"] * 8

    changes = play(Persistence(), kinds)

    assert [(change.change, change.fault) for change in changes] == [("opened", "covered")]


def test_a_fault_that_turns_into_another_goes_on() -> None:
    changes = play(Persistence(), [*["covered"] * 12, *["offline"] * 3, *[None] * 7])

    assert [(change.change, change.fault) for change in changes] == [
        ("opened", "covered"),
        ("updated", "offline"),
        ("cleared", "offline"),
    ]


def test_one_good_look_ends_nothing() -> None:
    changes = play(Persistence(), [*["dark"] * 12, None, "dark", None, None, "dark", *[None] * 4])

    assert [change.change for change in changes] == ["opened"]


def test_it_says_since_when() -> None:
    (opened,) = play(Persistence(), [None, None, None, *["dark"] * 12])

    assert opened.since_s == 3.0


def test_what_an_earlier_run_told_is_ended_without_being_told_again() -> None:
    persistence = Persistence(open_fault="dark")

    assert play(persistence, ["dark"] * 15) == []
    assert [change.change for change in play(persistence, [None] * 7, start=15)] == ["cleared"]


def test_a_long_pause_proves_nothing() -> None:
    persistence = Persistence()
    play(persistence, ["dark"] * 9)

    assert play(persistence, ["dark"], start=200) == []
