"""The buttons under an incident and what they carry."""

from __future__ import annotations

from aiogram.filters.callback_data import CallbackData
from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup

from hackai_notifier.incident.incidents import Action, Incident

WORDS: dict[Action, str] = {
    "acknowledge": "✅ Acknowledge",
    "false_alarm": "🚫 False alarm",
    "undo_false_alarm": "↩️ Not a false alarm",
    "snooze": "🔕 Snooze",
}
_LIMIT = 64  # bytes of callback_data: https://core.telegram.org/bots/api#inlinekeyboardbutton


class IncidentButton(CallbackData, prefix="i"):
    """``i:<action>:<incident id>``."""

    action: Action
    incident_id: str


class ArmButton(CallbackData, prefix="arm"):
    """Ends a disarm, of all cameras or of one; an empty id means all."""

    camera_id: str = ""


def arm_button() -> InlineKeyboardMarkup:
    """Return the button that arms everything."""
    button = InlineKeyboardButton(text="🔒 Arm now", callback_data=ArmButton().pack())
    return InlineKeyboardMarkup(inline_keyboard=[[button]])


def buttons_of(incident: Incident) -> InlineKeyboardMarkup | None:
    """Return the buttons that still make sense for an incident; None: none do."""
    buttons = [_button(WORDS[action], action, incident) for action in incident.actions]
    # An id that does not fit must cost the buttons, never the alarm.
    usable = [button for button in buttons if button is not None]
    return InlineKeyboardMarkup(inline_keyboard=[usable]) if usable else None


def _button(text: str, action: Action, incident: Incident) -> InlineKeyboardButton | None:
    if len(f"i:{action}:{incident.incident_id}".encode()) > _LIMIT or ":" in incident.incident_id:
        return None
    return InlineKeyboardButton(
        text=text, callback_data=IncidentButton(action=action, incident_id=incident.incident_id).pack()
    )
