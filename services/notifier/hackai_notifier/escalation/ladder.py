"""Who is told when, while nobody acknowledges. Pure: clocks and snoozes come in as arguments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hackai_notifier.incident.incidents import Incident
from hackai_shared.config.notifications import EscalationConfig, EscalationStep

Action = Literal["wait", "climb", "pause", "resume", "stop"]


@dataclass(frozen=True)
class Escalation:
    """How far the escalation of one incident has come: ``level`` counts the steps that were taken."""

    incident_id: str
    level: int
    started_at: float
    """Unix time of the alarm, or of the end of the last snooze."""
    paused: bool


@dataclass(frozen=True)
class Ladder:
    """The steps of the configuration, then reminders."""

    config: EscalationConfig

    def step(self, level: int) -> EscalationStep | None:
        """Return the step behind ``level`` taken ones; None: a reminder, or nothing."""
        steps = self.config.steps
        return steps[level] if level < len(steps) else None

    def due_s(self, level: int) -> float | None:
        """Return the seconds after the alarm at which the next step is due; None: there is none."""
        steps, every_s = self.config.steps, self.config.remind_every_s
        if level < len(steps):
            return steps[level].after_s
        reminder = level - len(steps)
        if every_s is None or reminder >= self.config.reminders:
            return None
        return (steps[-1].after_s if steps else 0.0) + every_s * (reminder + 1)

    def gap_s(self, level: int) -> float | None:
        """Return the seconds between the step before and the next one."""
        due = self.due_s(level)
        if due is None:
            return None
        return due - ((self.due_s(level - 1) or 0.0) if level else 0.0)


def wanted(incident: Incident, ladder: Ladder) -> bool:
    """Return whether anybody still has to be told of an incident."""
    if incident.acknowledged or incident.false_alarm or incident.untold:
        return False
    return incident.open or ladder.config.when_cleared == "continue"


def decide(climb: Escalation, incident: Incident, ladder: Ladder, *, silenced: bool, due: bool) -> Action:
    """Return what to do now.

    ``silenced``: somebody snoozed the camera, which somebody must have looked at; the ladder waits. When the snooze is
    over and the fire is still there, everybody is told so (``resume``) and the ladder goes on; a fire that was over by
    then rings no more.
    """
    if not wanted(incident, ladder):
        return "stop"
    if silenced:
        return "wait" if climb.paused else "pause"
    if climb.paused:
        return "resume" if incident.open else "stop"
    if ladder.due_s(climb.level) is None:
        return "stop"
    return "climb" if due else "wait"
