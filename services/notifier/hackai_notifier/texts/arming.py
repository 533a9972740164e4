"""What everybody reads when somebody disarms the watch or arms it again, and when an order was refused. Pure."""

from __future__ import annotations

import html

from hackai_notifier.texts.wording import shorten


def disarmed(by: str, proof: str, what: str, until: str, minutes: int) -> str:
    """Return the announcement of a disarm."""
    how = " with a face check" if proof.startswith("session:") else ""
    return (
        f"🔓 <b>DISARMED until {until}</b> ({minutes} min): {html.escape(shorten(what, 80))}\n"
        f"By {html.escape(shorten(by, 60))}{how}. New fires are recorded but nobody is alerted.\n"
        "If this is wrong, press the button below or send /arm."
    )


def armed(by: str, what: str) -> str:
    """Return the announcement that alarms are sent again."""
    return (
        f"🔒 <b>ARMED</b>: {html.escape(shorten(what, 80))}\nBy {html.escape(shorten(by, 60))}. Alarms are sent again."
    )


def refused(action: str, claimed: str, reason: str) -> str:
    """Return what administrators read about an order that nobody proved."""
    return (
        f"⚠️ <b>An order was rejected: {html.escape(shorten(action, 20))}</b>\n"
        f"It claims to come from {html.escape(shorten(claimed, 60))}, but {html.escape(shorten(reason, 200))}.\n"
        "It had no effect. If nobody here sent it, somebody has access to the message queue: check this machine."
    )
