"""Records what became of a step: in the outbox, as a report on the bus, for administrators, in metrics and logs."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from typing import Literal

import structlog

from hackai_notifier.channels.base import Receipt
from hackai_notifier.delivery import outbox
from hackai_notifier.delivery.content import Content, Editor
from hackai_notifier.delivery.outbox import Step
from hackai_notifier.incident import incidents, outgoing
from hackai_notifier.incident.incidents import Incident
from hackai_notifier.incident.steps import STEP_NAMES
from hackai_notifier.people.recipients import Directory
from hackai_shared.bus import names
from hackai_shared.messages import DeliveryReport, utc_now
from hackai_shared.metrics import Metrics
from hackai_shared.redaction import redact

log = structlog.get_logger(__name__)

Outcome = Literal["delivered", "dead_letter"]


class Recorder:
    """Writes results; the methods with a connection belong into one transaction with nothing else."""

    def __init__(self, editor: Editor, directory: Directory, metrics: Metrics, *, reported: Callable[[], None]) -> None:
        self._editor = editor
        self._directory = directory
        self._reported = reported
        self._steps = metrics.counter("steps", "steps by outcome", ["step", "channel", "outcome"])
        self._latency = metrics.seconds(
            "delivery_latency_seconds", "from confirmation to delivery", ["step", "channel"]
        )

    def expect(self, channels: Iterable[str]) -> None:
        """Export the latencies of these channels from the start: Prometheus sees changes, not the first value."""
        for channel in channels:
            for step in STEP_NAMES:
                self._latency.labels(step, channel)

    def delivered(self, connection: sqlite3.Connection, step: Step, content: Content, receipt: Receipt) -> None:
        """Note a delivery and report it."""
        outbox.mark_delivered(
            connection, step, version=content.version, message_id=receipt.message_id, detail=receipt.detail
        )
        self._report(connection, step, content.delivery.incident, "delivered", receipt.message_id, receipt.detail)

    def given_up(self, connection: sqlite3.Connection, step: Step, reason: str) -> None:
        """Note a dead letter, report it, and tell the administrators unless it was an edit or itself a notice."""
        reason = redact(reason)
        outbox.mark_dead(connection, step, reason)
        incident = incidents.load(connection, step.incident_id)
        log.error(
            "dead letter",
            incident=step.incident_id,
            step=step.step,
            channel=step.recipient.channel,
            recipient=step.recipient.address,
            reason=reason,
        )
        if incident is None:
            return
        self._report(connection, step, incident, "dead_letter", None, reason)
        if step.step in ("edit", "notice"):
            return
        # One notice per incident and failing recipient: five steps that fail alike are one piece of news.
        subject = f"{step.recipient.channel}:{step.recipient.address}"
        body = self._editor.notice(incident, step, reason)
        for administrator in self._directory.administrators():
            if administrator != step.recipient:
                outbox.enqueue_notice(connection, step.incident_id, administrator, subject, body)

    def late(self, connection: sqlite3.Connection, step: Step, reason: str) -> None:
        """Tell the administrators of other channels that somebody was not reached yet; once per incident."""
        incident = incidents.load(connection, step.incident_id)
        if incident is None or step.step in ("edit", "notice"):
            return
        subject = f"late {step.recipient.channel}:{step.recipient.address}"
        body = self._editor.late(incident, step, redact(reason))
        for administrator in self._directory.administrators():
            if administrator.channel != step.recipient.channel:  # where that one fails, this one would fail too
                outbox.enqueue_notice(connection, step.incident_id, administrator, subject, body)

    def count(self, step: Step, outcome: Outcome, incident: Incident | None) -> None:
        """Count an outcome that was written, and let its report go out."""
        self._steps.labels(step.step, step.recipient.channel, outcome).inc()
        self._reported()
        if incident is None:
            return
        latency = _latency_s(incident)
        self._latency.labels(step.step, step.recipient.channel).observe(latency)
        log.info(
            "delivered",
            incident=step.incident_id,
            step=step.step,
            channel=step.recipient.channel,
            recipient=step.recipient.address,
            attempts=step.attempts + 1,
            latency_s=round(latency, 3),
        )

    def _report(
        self,
        connection: sqlite3.Connection,
        step: Step,
        incident: Incident,
        outcome: Outcome,
        message_id: str | None,
        detail: str,
    ) -> None:
        if step.step == "notice":
            return
        report = DeliveryReport(
            incident_id=step.incident_id,
            camera_id=incident.event.camera_id,
            step=step.step,
            channel=step.recipient.channel,
            recipient=step.recipient.address,
            outcome=outcome,
            message_id=message_id,
            detail=detail,
            attempts=step.attempts + 1,
            latency_s=_latency_s(incident),
        )
        outgoing.put(connection, names.DELIVERIES, report)


def _latency_s(incident: Incident) -> float:
    return max(0.0, (utc_now() - incident.event.confirmed_at).total_seconds())
