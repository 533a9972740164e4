"""The texts of ``/status`` and ``/cameras``. Pure."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any

from hackai_shared.figures import percent
from hackai_shared.judged import is_judged, judged_ages_s
from hackai_shared.learned_text import learned_from
from hackai_shared.messages import CameraStatus, ServiceStatus, utc_now

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
        lines.append("🔴 <b>Redis is unavailable</b>: no fire can be reported. What is stored is still delivered.")
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
    ages = judged_ages_s(statuses, utc_now())
    names = {**{camera_id: camera.name for camera_id, camera in known.items()}, **camera_names}
    learned = {camera_id: told for status in statuses for camera_id, told in _learned(status).items()}
    return [
        _camera(camera_id, name, known.get(camera_id), ages.get(camera_id)) + _quiet(learned.get(camera_id))
        for camera_id, name in sorted(names.items())
    ]


def snooze_line(what: str, by: str, until: str) -> str:
    """Return what is snoozed; ``what`` is HTML."""
    return f"{what}: snoozed until {until} by {html.escape(by)}; a new fire still rings"


def _services(statuses: Sequence[ServiceStatus]) -> list[str]:
    lines: list[str] = []
    for service in sorted({*EXPECTED, *(status.service for status in statuses)}):
        instances = [status for status in statuses if status.service == service]
        if not instances:
            lines.append(f"🔴 <b>{html.escape(service)}</b>: does not respond")
        for status in instances:
            failing = [
                f"{name}: {outcome.removeprefix('failing: ')}"
                for name, outcome in sorted(status.checks.items())
                if outcome.startswith("failing")
            ]
            detail = html.escape("; ".join(failing))[:300] if failing else "working"
            lines.append(f"{'🟢' if status.ready else '🔴'} {html.escape(service)}: {detail}")
    return lines


def _camera(camera_id: str, name: str, camera: CameraStatus | None, judged_s: float | None) -> str:
    label = f"<b>{html.escape(name)}</b> <code>{html.escape(camera_id)}</code>"
    if camera is None:
        return f"🔴 {label}: the camera service does not respond"
    # A picture that nobody judges is watched by nobody.
    symbol = "🔴" if camera.state == "running" and not is_judged(judged_s) else _STATES.get(camera.state, "❔")
    line = f"{symbol} {label}: {camera.state}, {camera.fps:.1f} fps"
    if camera.state != "ended":
        line += f", {_judged(judged_s)}"
    if camera.last_frame_age_s is not None:
        line += f", last picture {camera.last_frame_age_s:.1f} s ago"
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


def _judged(age_s: float | None) -> str:
    if age_s is None:
        return "<b>not judged</b>"
    return f"judged {age_s:.1f} s ago" if is_judged(age_s) else f"<b>not judged for {age_s:.0f} s</b>"


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
            lines.append(
                f"🔴 <b>Test fires do not come through</b>: {html.escape(str(broken.get('reason', '')))[:200]}"
            )
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
