"""The texts of ``/status`` and ``/cameras``. Pure."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any

from hackai_notifier.escalation.snooze import ALL_CAMERAS, Snooze
from hackai_notifier.texts.sentence import percent
from hackai_shared.learned_text import learned_from
from hackai_shared.messages import CameraStatus, ServiceStatus

# What must run for an alarm to reach anybody.
EXPECTED = ("camera", "inference", "notifier")
_STATES = {"running": "🟢", "connecting": "🟡", "stalled": "🔴", "offline": "🔴", "ended": "⚪"}


def status_text(
    statuses: Sequence[ServiceStatus] | None,
    camera_names: dict[str, str],
    outbox: dict[str, Any],
    snoozes: Sequence[str],
) -> str:
    """Return the answer to ``/status``; ``statuses`` is None when Redis does not answer."""
    lines: list[str] = []
    if statuses is None:
        lines.append("🔴 <b>Redis does not answer</b>: no new alarm can reach me. I deliver what I have.")
    else:
        lines += _services(statuses)
        lines += camera_lines(statuses, camera_names)
        lines += _models(statuses)
        lines += _canary(statuses)
    waiting, dead = outbox.get("waiting", 0), outbox.get("dead", 0)
    lines.append(f"✉️ Outbox: {waiting} waiting, {outbox.get('delivered', 0)} delivered, {dead} undeliverable")
    lines += [f"🔕 {line}" for line in snoozes]
    return "\n".join(lines)


def camera_lines(statuses: Sequence[ServiceStatus], camera_names: dict[str, str]) -> list[str]:
    """Return one line per configured camera, missing ones included."""
    known = {camera.camera_id: camera for status in statuses for camera in status.cameras}
    names = {**{camera_id: camera.name for camera_id, camera in known.items()}, **camera_names}
    learned = {camera_id: told for status in statuses for camera_id, told in _learned(status).items()}
    return [
        _camera(camera_id, name, known.get(camera_id)) + _quiet(learned.get(camera_id))
        for camera_id, name in sorted(names.items())
    ]


def snooze_line(snooze: Snooze, name: str | None, until: str) -> str:
    """Return what a snooze does."""
    whom = "All cameras" if snooze.camera_id == ALL_CAMERAS else html.escape(name or snooze.camera_id)
    return f"{whom}: silent until {until}, by {html.escape(snooze.by)}"


def _services(statuses: Sequence[ServiceStatus]) -> list[str]:
    lines: list[str] = []
    for service in sorted({*EXPECTED, *(status.service for status in statuses)}):
        instances = [status for status in statuses if status.service == service]
        if not instances:
            lines.append(f"🔴 <b>{html.escape(service)}</b>: no sign of life")
        for status in instances:
            failing = [
                f"{name}: {outcome.removeprefix('failing: ')}"
                for name, outcome in sorted(status.checks.items())
                if outcome.startswith("failing")
            ]
            detail = html.escape("; ".join(failing))[:300] if failing else "working"
            lines.append(f"{'🟢' if status.ready else '🔴'} {html.escape(service)}: {detail}")
    return lines


def _camera(camera_id: str, name: str, camera: CameraStatus | None) -> str:
    label = f"<b>{html.escape(name)}</b> <code>{html.escape(camera_id)}</code>"
    if camera is None:
        return f"🔴 {label}: no sign of life"
    line = f"{_STATES.get(camera.state, '❔')} {label}: {camera.state}, {camera.fps:.1f} fps"
    if camera.last_frame_age_s is not None:
        line += f", last frame {camera.last_frame_age_s:.1f} s ago"
    if camera.error and camera.state != "running":
        line += f" ({html.escape(camera.error[:150])})"
    return line


def _learned(status: ServiceStatus) -> dict[str, Any]:
    """Return what each camera learned, as an inference service tells it."""
    learned = status.details.get("learned") if status.service == "inference" else None
    return learned if isinstance(learned, dict) else {}


def _quiet(told: Any) -> str:
    """Return what a camera learned from its quiet; nothing where it raised nothing."""
    if not isinstance(told, dict) or not told.get("share"):
        return ""
    where = "at places" if told["share"] < 1 else "everywhere"
    return f"; {where} counts from {percent(told['counts_from'])}, {learned_from(told['days'], told['false_alarms'])}"


def _models(statuses: Sequence[ServiceStatus]) -> list[str]:
    models = {_model(status.details["model"]) for status in statuses if status.details.get("model")}
    return [f"🧠 Model: {html.escape(model)}" for model in sorted(models)]


def _canary(statuses: Sequence[ServiceStatus]) -> list[str]:
    lines: list[str] = []
    for status in statuses:
        canary = status.details.get("canary") if status.service == "notifier" else None
        if not isinstance(canary, dict) or not canary.get("enabled"):
            continue
        broken, delivered_at = canary.get("broken"), canary.get("delivered_at")
        if isinstance(broken, dict):
            lines.append(f"🔴 <b>No test fire comes through</b>: {html.escape(str(broken.get('reason', '')))[:200]}")
        elif isinstance(delivered_at, (int, float)):
            minutes = max(0.0, status.at.timestamp() - delivered_at) / 60
            lines.append(f"🐤 A test fire came through {minutes:.0f} min ago")
        else:
            lines.append("🐤 No test fire has come through yet")
    return lines


def _model(detail: Any) -> str:
    if isinstance(detail, dict):
        return " ".join(str(detail[key]) for key in ("name", "version", "variant") if detail.get(key) is not None)
    return str(detail)
