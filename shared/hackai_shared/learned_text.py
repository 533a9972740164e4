"""What a camera learned, in words: the same in an alarm, in the chat and on the page. Pure."""

from __future__ import annotations


def learned_from(days: float, false_alarms: int) -> str:
    """Return what a camera learned its threshold from: ``learned from 3 days and 1 false alarm``."""
    hours = round(24 * days)
    watched = [f"{days:.0f} days" if days >= 2 else _count(hours, "hour")] if hours else []
    taught = [_count(false_alarms, "false alarm")] if false_alarms else []
    return f"learned from {' and '.join(watched + taught) or 'less than an hour'}"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
