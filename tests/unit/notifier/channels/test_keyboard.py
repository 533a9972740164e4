from datetime import UTC, datetime

from hackai_notifier.channels.keyboard import IncidentButton, buttons_of
from hackai_notifier.incident.incidents import Incident, Mark, merge
from notifier_harness import incident, later

MARK = Mark(by="Ann", at=datetime(2026, 11, 24, tzinfo=UTC))


def labels(known: Incident) -> list[str]:
    keyboard = buttons_of(known)
    return [button.text for row in keyboard.inline_keyboard for button in row] if keyboard else []


def test_a_new_incident_has_three_buttons_that_carry_its_id() -> None:
    known = merge(None, incident())
    keyboard = buttons_of(known)
    assert keyboard is not None
    data = keyboard.inline_keyboard[0][0].callback_data
    assert data is not None

    assert labels(known) == ["✅ Acknowledge", "🚫 False alarm", "🔕 Snooze"]
    assert IncidentButton.unpack(data) == IncidentButton(action="acknowledge", incident_id=known.incident_id)
    assert len(data.encode()) <= 64


def test_what_was_pressed_or_makes_no_sense_any_more_disappears() -> None:
    event = incident()
    known = merge(None, event)
    over = merge(known, later(event, "cleared"))

    assert labels(known.model_copy(update={"acknowledged": MARK})) == ["🚫 False alarm", "🔕 Snooze"]
    assert labels(known.model_copy(update={"false_alarm": MARK})) == ["↩️ Not a false alarm"]
    assert labels(over) == ["✅ Acknowledge", "🚫 False alarm"]


def test_an_id_that_does_not_fit_costs_the_buttons_and_not_the_alarm() -> None:
    assert labels(merge(None, incident(incident_id="x" * 60))) == []
    assert labels(merge(None, incident(incident_id="a:b"))) == []
