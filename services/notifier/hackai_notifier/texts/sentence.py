"""The sentences to judge an alarm by: since when, how certain, growing or not; and the technical detail. Pure."""

from __future__ import annotations

import html
import math
from collections.abc import Callable
from datetime import datetime

from hackai_shared.figures import percent
from hackai_shared.learned_text import learned_from
from hackai_shared.messages import Budget, IncidentEvent

_TRENDS = {"growing": "growing", "steady": "not growing", "shrinking": "shrinking"}
# Probability from which a fire is called so.
_CERTAINTY = ((0.95, "Very certain"), (0.8, "Fairly certain"), (0.0, "Uncertain"))


def what_was_seen(event: IncidentEvent, clock: Callable[[datetime], str]) -> str:
    """Return what is known of a fire, in HTML; ``clock`` writes a time of day."""
    took_s = max(1, math.ceil((event.confirmed_at - event.opened_at).total_seconds()))
    certainty = next(words for least, words in _CERTAINTY if event.peak_score >= least)
    trend = "" if event.trend is None else f", {_TRENDS[event.trend]}"
    first_seen = f"First seen {clock(event.opened_at)}, confirmed within {took_s} s."
    return f"{first_seen} {certainty} ({percent(event.peak_score)}){trend}."


def technical_detail(event: IncidentEvent) -> str:
    """Return what a fire was judged by, in HTML: model, frames, threshold, declared false alarms."""
    parts = []
    if event.model is not None:
        parts.append(f"{html.escape(event.model.name)} {event.model.version}")
    parts.append(f"{event.frames_positive} of {event.frames_seen} frames")
    if event.threshold is not None:
        reason = f", raised by {html.escape(', '.join(event.raised_by)[:80])}" if event.raised_by else ""
        learned = "" if event.learned is None else f", {learned_from(event.learned.days, event.learned.false_alarms)}"
        parts.append(f"threshold {percent(event.threshold)}{reason}{learned}")
    if event.budget is not None:
        parts.append(_declared(event.budget))
    return " · ".join(parts)


def _declared(budget: Budget) -> str:
    plural = "" if budget.alarms_per_week == 1 else "s"
    return (
        f"set for at most {budget.alarms_per_week:g} false alarm{plural} a week"
        f" (measured: {budget.alarms} in {budget.hours:g} h, so below {budget.at_most_per_week:.3g} a week"
        f" with {round(100 * budget.confidence)} % confidence)"
    )
