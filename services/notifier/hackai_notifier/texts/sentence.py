"""The sentence to judge an alarm by: since when, how steadily, growing or not, who says so, how surely. Pure."""

from __future__ import annotations

import html
from collections.abc import Callable
from datetime import datetime

from hackai_shared.learned_text import learned_from
from hackai_shared.messages import Budget, IncidentEvent

_TRENDS = {"growing": "growing", "steady": "not growing", "shrinking": "shrinking"}


def percent(score: float) -> str:
    """Return a probability as people read it; never 100 %, which no network can know."""
    return f"{min(99, round(score * 100))} %"


def what_was_seen(event: IncidentEvent, clock: Callable[[datetime], str]) -> str:
    """Return what is known of a fire in one sentence of HTML; ``clock`` writes a time of day."""
    since, confirmed = clock(event.opened_at), clock(event.confirmed_at)
    parts = [f"Seen since {since}, confirmed {confirmed}", f"in {event.frames_positive} of {event.frames_seen} frames"]
    if event.trend is not None:
        parts.append(_TRENDS[event.trend])
    if event.model is not None:
        parts.append(f"{html.escape(event.model.name)} {event.model.version} says {percent(event.score)}")
    if event.threshold is not None:
        reason = f" during {html.escape(', '.join(event.raised_by)[:80])}" if event.raised_by else ""
        learned = "" if event.learned is None else f", {learned_from(event.learned.days, event.learned.false_alarms)}"
        parts.append(f"{percent(event.threshold)} count here{reason}{learned}")
    sentence = ", ".join(parts)
    return f"{sentence}." if event.budget is None else f"{sentence}; {_declared(event.budget)}."


def _declared(budget: Budget) -> str:
    plural = "" if budget.alarms_per_week == 1 else "s"
    return (
        f"set for {budget.alarms_per_week:g} false alarm{plural} a week at most"
        f" (measured: {budget.alarms} in {budget.hours:g} h, so below {budget.at_most_per_week:.3g} a week"
        f" with {round(100 * budget.confidence)} % confidence)"
    )
