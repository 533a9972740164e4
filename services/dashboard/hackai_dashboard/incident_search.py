"""Which incidents a person looks for. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

State = Literal["", "open", "unacknowledged", "acknowledged", "false_alarm", "cleared", "camera_gone"]

_TITLES = {"fire": "Fire", "start_fire": "Starting fire"}
_FAULTS = {
    "offline": "no picture",
    "frozen": "picture frozen",
    "dark": "picture dark",
    "covered": "lens covered",
    "defocused": "out of focus",
    "moved": "camera moved",
}


class Mark(BaseModel):
    """Who did something, and when."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    by: str
    at: datetime


class SnoozeMark(Mark):
    """Who silenced the camera, and until when."""

    until: datetime


class Incident(BaseModel):
    """What the notifier says of an incident, as far as the page shows it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    incident_id: str
    kind: str
    camera_id: str
    camera_name: str
    label: str
    first_label: str
    score: float
    peak_score: float
    opened_at: datetime
    confirmed_at: datetime
    cleared_at: datetime | None
    open: bool
    acknowledged: Mark | None = None
    false_alarm: Mark | None = None
    snoozed: SnoozeMark | None = None
    closed_because: str | None = None
    visible: bool = True
    actions: tuple[str, ...] = ()
    notified: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """Return what it is, in words."""
        if self.kind == "camera_fault":
            return f"Camera fault: {_FAULTS.get(self.label, self.label)}"
        if self.kind == "not_judged":
            return "Camera not watched"
        words = _TITLES.get(self.label, self.label)
        return words if self.kind == "fire" else f"{self.kind.capitalize()}: {words.lower()}"

    @property
    def rings(self) -> bool:
        """Return whether it is a fire that nobody has taken care of."""
        return self.burns and self.acknowledged is None and self.false_alarm is None

    @property
    def burns(self) -> bool:
        """Return whether it is a fire that has not ended, whoever knows of it."""
        return self.open and self.kind == "fire"

    @property
    def has_pictures(self) -> bool:
        """Return whether it is a fire of which there are pictures."""
        return self.kind not in ("camera_fault", "not_judged")

    @property
    def answer(self) -> str:
        """Return who said what about an open fire: the page says so instead of calling it clear."""
        if self.false_alarm is not None:
            return f"Marked as a false alarm by {self.false_alarm.by}"
        return f"Acknowledged by {self.acknowledged.by}" if self.acknowledged is not None else "Unacknowledged"

    @property
    def lasted_s(self) -> float | None:
        """Return the seconds from the first suspicion to the end; None: it goes on."""
        return None if self.cleared_at is None else (self.cleared_at - self.opened_at).total_seconds()


@dataclass(frozen=True)
class Search:
    """What is looked for; empty: everything."""

    text: str = ""
    camera: str = ""
    kind: str = ""
    state: State = ""

    def matches(self, incident: Incident) -> bool:
        """Return whether an incident is meant. Every word has to occur somewhere in what the page shows of it."""
        if self.camera and incident.camera_id != self.camera:
            return False
        if self.kind and incident.kind != self.kind:
            return False
        if not self._in_state(incident):
            return False
        haystack = " ".join(
            [
                incident.title,
                incident.label,
                incident.camera_name,
                incident.camera_id,
                incident.incident_id,
                incident.closed_because or "",
                f"{incident.opened_at:%Y-%m-%d %H:%M}",
                *(mark.by for mark in (incident.acknowledged, incident.false_alarm, incident.snoozed) if mark),
            ]
        ).lower()
        return all(word in haystack for word in self.text.lower().split())

    def _in_state(self, incident: Incident) -> bool:
        if self.state == "open":
            return incident.open
        if self.state == "unacknowledged":
            return incident.acknowledged is None and incident.false_alarm is None
        if self.state == "acknowledged":
            return incident.acknowledged is not None and incident.false_alarm is None
        if self.state == "false_alarm":
            return incident.false_alarm is not None
        if self.state == "cleared":
            return not incident.open and incident.closed_because is None
        if self.state == "camera_gone":
            return incident.closed_because is not None
        return True


def by_day(incidents: Sequence[Incident]) -> list[tuple[str, list[Incident]]]:
    """Return incidents grouped by UTC day, in the order in which they come."""
    days: dict[str, list[Incident]] = {}
    for incident in incidents:
        days.setdefault(f"{incident.opened_at:%Y-%m-%d}", []).append(incident)
    return list(days.items())
