"""When a service that runs does not work."""

from __future__ import annotations

from hackai_standalone.pulse import NO_ANSWER_S, QUESTIONS, START_S, STUCK_S, Answer, Pulse

FINE = Answer({})
STUCK = Answer({"frames": "frames arrive, but none was judged for 12 s"})


def test_a_service_that_stops_answering_is_given_up_after_a_while_and_not_after_one_question() -> None:
    pulse = Pulse(0.0)
    assert pulse.note(1.0, FINE) is None
    for question in range(1, QUESTIONS):
        assert pulse.note(1.0 + question, None) is None
        assert not pulse.works
    assert pulse.note(1.0 + NO_ANSWER_S, None) == f"it has not answered for {NO_ANSWER_S:.0f} s"


def test_a_supervisor_that_slept_itself_asks_anew_before_it_kills() -> None:
    pulse = Pulse(0.0)
    pulse.note(1.0, FINE)
    assert pulse.note(1000.0, None) is None
    assert pulse.note(1001.0, FINE) is None
    assert pulse.works


def test_a_service_that_says_that_it_is_stuck_gets_time_to_end_itself() -> None:
    pulse = Pulse(0.0)
    assert pulse.note(1.0, STUCK) is None
    assert not pulse.works
    assert pulse.note(STUCK_S, STUCK) is None
    assert pulse.note(1.0 + STUCK_S, STUCK) == "frames: frames arrive, but none was judged for 12 s"
    assert pulse.note(2.0 + STUCK_S, FINE) is None
    assert pulse.works


def test_a_start_may_take_long_but_not_for_ever() -> None:
    pulse = Pulse(0.0)
    assert pulse.note(START_S, None) is None
    assert pulse.note(START_S + 1, None) == f"it has not begun to work within {START_S + 1:.0f} s"
