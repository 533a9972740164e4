"""Who is told when, while nobody acknowledges."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from hackai_notifier.escalation.ladder import Escalation, Ladder, decide
from hackai_notifier.incident.incidents import Incident, Mark, merge, return_of
from hackai_shared.config.notifications import EscalationConfig, NotifierConfig
from hackai_shared.messages import utc_now
from notifier_harness import incident, later

LADDER = Ladder(
    EscalationConfig.model_validate(
        {
            "steps": [{"after_s": 60, "chats": [7]}, {"after_s": 180, "webhooks": ["siren"]}],
            "remind_every_s": 300,
            "reminders": 2,
        }
    )
)
CLIMB = Escalation("i", 0, 0.0, paused=False)


def known(**changes: Any) -> Incident:
    return merge(None, incident()).model_copy(update=changes)


def test_steps_come_in_order_then_reminders_then_nothing() -> None:
    assert [LADDER.due_s(level) for level in range(5)] == [60, 180, 480, 780, None]
    assert [LADDER.gap_s(level) for level in range(5)] == [60, 120, 300, 300, None]


def test_without_steps_everybody_is_reminded() -> None:
    ladder = Ladder(EscalationConfig())

    assert (ladder.due_s(0), ladder.due_s(1)) == (300, 600)


def test_nobody_is_told_before_it_is_due() -> None:
    assert decide(CLIMB, known(), LADDER, silenced=False, due=False) == "wait"
    assert decide(CLIMB, known(), LADDER, silenced=False, due=True) == "climb"


@pytest.mark.parametrize("mark", ["acknowledged", "false_alarm"])
def test_an_answer_ends_it(mark: str) -> None:
    answered = known(**{mark: Mark(by="Ann", at=utc_now())})

    assert decide(CLIMB, answered, LADDER, silenced=False, due=True) == "stop"


def test_a_fire_that_is_no_longer_seen_goes_on_unless_it_is_wished_otherwise() -> None:
    gone = known(cleared_at=utc_now())
    gentle = Ladder(EscalationConfig(when_cleared="stop"))

    assert decide(CLIMB, gone, LADDER, silenced=False, due=True) == "climb"
    assert decide(CLIMB, gone, gentle, silenced=False, due=True) == "stop"


def test_a_snooze_holds_it_up_and_its_end_rings_while_the_fire_is_there() -> None:
    paused = replace(CLIMB, paused=True)

    assert decide(CLIMB, known(), LADDER, silenced=True, due=True) == "pause"
    assert decide(paused, known(), LADDER, silenced=True, due=True) == "wait"
    assert decide(paused, known(), LADDER, silenced=False, due=False) == "resume"
    assert decide(paused, known(cleared_at=utc_now()), LADDER, silenced=False, due=True) == "stop"


def test_a_worse_fire_has_to_be_acknowledged_again() -> None:
    smoke = incident(label="start_fire")
    seen = merge(None, smoke).model_copy(update={"acknowledged": Mark(by="Ann", at=utc_now())})

    worse = merge(seen, later(smoke, "worsened", label="fire"))

    assert worse.acknowledged is None
    assert worse.acknowledged_before is not None
    assert worse.acknowledged_before.by == "Ann"
    assert decide(CLIMB, worse, LADDER, silenced=False, due=True) == "climb"


def test_an_update_that_is_not_worse_keeps_the_acknowledgement() -> None:
    fire = incident()
    seen = merge(None, fire).model_copy(update={"acknowledged": Mark(by="Ann", at=utc_now())})

    assert merge(seen, later(fire, "updated")).acknowledged is not None


def test_a_fire_is_back_when_another_one_here_was_over_shortly_before() -> None:
    now = utc_now()
    before = known(cleared_at=now - timedelta(minutes=3), acknowledged=Mark(by="Ann", at=now))

    back = return_of(incident(confirmed_at=now), [before])

    assert back is not None
    assert (back.over_at, back.acknowledged_by) == (before.cleared_at, "Ann")
    assert return_of(incident(confirmed_at=now + timedelta(hours=1)), [before]) is None
    assert return_of(incident(), [known()]) is None  # still open: another fire, not a return


@pytest.mark.parametrize(
    ("steps", "reason"),
    [
        ([{"after_s": 60, "chats": [1]}, {"after_s": 60, "chats": [2]}], "after_s must rise"),
        ([{"after_s": 60}], "a step needs chats or webhooks"),
        ([{"after_s": 60, "webhooks": ["siren"]}], "not configured: siren"),
    ],
)
def test_a_ladder_that_cannot_be_climbed_is_refused(steps: list[dict[str, Any]], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        NotifierConfig.model_validate({"escalation": {"steps": steps}})
