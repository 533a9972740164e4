"""What the demo tells: one event per line, as JSON for programs and as a sentence for people."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from hackai_shared.figures import percent
from hackai_shared.messages import DeliveryReport, IncidentEvent

LABELS = {"fire": "FIRE", "start_fire": "STARTING FIRE"}
_CHANGES = {"opened": "incident", "worsened": "worsened", "updated": "updated", "cleared": "cleared"}


@dataclass(frozen=True)
class DemoEvent:
    """One event: its name, its fields, and the sentence for people."""

    name: str
    fields: dict[str, Any]
    sentence: str

    def json(self) -> str:
        """Return the event as one JSON line."""
        return json.dumps({"event": self.name, **self.fields}, ensure_ascii=False)


def incident_event(event: IncidentEvent) -> DemoEvent:
    """Return the event for a step in the life of an incident; times in seconds of media time."""
    fields = {
        "camera": event.camera_id,
        "incident": event.incident_id,
        "label": event.label,
        "opened_s": round(event.opened_s, 3),
        "confirmed_s": round(event.confirmed_s, 3),
        "score": round(event.score, 4),
    }
    if event.cleared_s is not None:
        fields["cleared_s"] = round(event.cleared_s, 3)
    what = LABELS.get(event.label, event.label)
    if event.change == "opened":
        took = event.confirmed_s - event.opened_s
        sentence = (
            f"[bold red]{what}[/] at {event.camera_name}: {percent(event.peak_score)}, "
            f"began at {event.opened_s:.1f} s, confirmed {took:.1f} s later"
        )
    elif event.change == "cleared":
        sentence = f"[green]cleared[/] at {event.camera_name}"
    else:
        sentence = f"[yellow]{event.change}[/] at {event.camera_name}: {what} {percent(event.peak_score)}"
    return DemoEvent(_CHANGES[event.change], fields, sentence)


def delivery_event(report: DeliveryReport) -> DemoEvent:
    """Return the event for what became of one step of one incident."""
    fields: dict[str, Any] = {
        "step": report.step,
        "camera": report.camera_id,
        "incident": report.incident_id,
        "channel": report.channel,
        "recipient": report.recipient,
        "latency_s": round(report.latency_s, 3),
    }
    if report.detail:
        fields["detail"] = report.detail
    if report.outcome == "delivered":
        where = f": [bold]{report.detail}[/]" if report.detail else ""
        return DemoEvent(
            "delivered", fields, f"  {report.step} delivered ({report.channel}, after {report.latency_s:.2f} s){where}"
        )
    return DemoEvent("failed", fields, f"  [red]{report.step} not delivered ({report.channel})[/]: {report.detail}")
