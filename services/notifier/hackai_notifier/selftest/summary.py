"""What happened within a day, in one message. Pure."""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from hackai_notifier.incident.drills import Drill
from hackai_notifier.incident.incidents import Incident
from hackai_notifier.selftest.canaries import Canary
from hackai_shared.config.time_of_day import TimeOfDay


@dataclass(frozen=True)
class Day:
    """What is known of the last 24 hours."""

    incidents: Sequence[Incident] = ()
    canaries: Sequence[Canary] = ()
    canaries_expected: int = 0
    drills: Sequence[Drill] = field(default=())
    delivered: int = 0
    dead: int = 0
    waiting: int = 0


def due(now: datetime, at: TimeOfDay, last: str | None) -> bool:
    """Return whether the summary of today is to be sent; ``last`` is the date of the last one.

    The first start of all sends none for a time that has passed already.
    """
    return TimeOfDay.of(now) >= at and last is not None and last != now.date().isoformat()


def first_mark(now: datetime, at: TimeOfDay) -> str:
    """Return what to take for the last summary at the very first start."""
    return now.date().isoformat() if TimeOfDay.of(now) >= at else "never"


def summary_text(day: Day, when: datetime) -> str:
    """Return the message: that it comes is news, too."""
    lines = [f"📋 <b>HackAI, {when:%d %b}</b>: the last 24 hours", *_fires(day), *_faults(day), *_watch(day)]
    lines.append(f"Messages: {day.delivered} delivered, {day.waiting} waiting, {day.dead} undeliverable")
    return "\n".join(lines)


def _fires(day: Day) -> list[str]:
    fires = [incident for incident in day.incidents if incident.event.kind == "fire"]
    if not fires:
        return ["No fire was seen."]
    false = sum(incident.false_alarm is not None for incident in fires)
    seen = sum(incident.acknowledged is not None and incident.false_alarm is None for incident in fires)
    unanswered = len(fires) - false - seen
    lines = [f"🔥 {len(fires)} alarm(s): {seen} acknowledged, {false} false, {unanswered} unanswered"]
    lines += [f"❗ still open: {html.escape(one.event.camera_name[:80])}" for one in fires if one.open]
    return lines


def _faults(day: Day) -> list[str]:
    faults = [incident for incident in day.incidents if incident.event.kind == "camera_fault"]
    counts = Counter((incident.event.camera_name, incident.event.label) for incident in faults)
    lines = [
        f"📵 {html.escape(name[:80])}: {label}, {count} time(s)" for (name, label), count in sorted(counts.items())
    ]
    return lines + [f"❗ still: {html.escape(one.event.camera_name[:80])}" for one in faults if one.open]


def _watch(day: Day) -> list[str]:
    lines: list[str] = []
    if day.canaries_expected:
        line = f"🐤 {len(day.canaries)} of about {day.canaries_expected} test fires came through"
        if day.canaries:
            line += f", the slowest in {max(canary.whole_s for canary in day.canaries):.1f} s"
        lines.append(line)
    lines += [f"Drill by {html.escape(drill.by[:40])}: {drill.outcome}" for drill in day.drills]
    return lines
