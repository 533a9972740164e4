from datetime import UTC, datetime
from typing import Any

import pytest

from hackai_notifier.bot.overview import camera_lines, status_text
from hackai_shared.messages import ServiceStatus

AT = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def test_redis_away_is_said_first() -> None:
    text = status_text(
        None, {"front": "Front"}, {"waiting": 2, "delivered": 5, "dead": 1}, ["Front: silent until 14:10"]
    )

    assert text.splitlines()[0].startswith("🔴 <b>Redis does not answer</b>")
    assert "2 waiting, 5 delivered, 1 undeliverable" in text
    assert "🔕 Front: silent until 14:10" in text


def test_a_service_that_is_not_ready_says_why_and_the_model_is_named() -> None:
    status = ServiceStatus(
        service="inference",
        instance="i",
        ready=False,
        checks={"model": "failing: <none> loaded", "other": "ok: fine"},
        details={"model": {"name": "fire-classifier", "version": 1, "variant": "int8"}},
    )

    text = status_text([status], {}, {}, [])

    assert "🔴 inference: model: &lt;none&gt; loaded" in text
    assert "🧠 Model: fire-classifier 1 int8" in text
    assert "🔴 <b>camera</b>: no sign of life" in text


@pytest.mark.parametrize(
    ("canary", "line"),
    [
        (
            {"enabled": True, "delivered_at": AT.timestamp() - 180, "broken": None},
            "🐤 A test fire came through 3 min ago",
        ),
        ({"enabled": True, "delivered_at": None, "broken": None}, "🐤 No test fire has come through yet"),
        (
            {"enabled": True, "delivered_at": 1.0, "broken": {"leg": "camera", "reason": "no <sign>"}},
            "🔴 <b>No test fire comes through</b>: no &lt;sign&gt;",
        ),
    ],
)
def test_the_canary_is_named(canary: dict[str, Any], line: str) -> None:
    status = ServiceStatus(service="notifier", instance="n", ready=True, details={"canary": canary}, at=AT)

    assert line in status_text([status], {}, {}, []).splitlines()


def test_what_a_camera_learned_stands_behind_its_name() -> None:
    learned = {
        "kitchen": {"days": 3.0, "false_alarms": 1, "counts_from": 0.81, "share": 0.05},
        "hall": {"days": 0.01, "false_alarms": 0, "counts_from": 0.5, "share": 0.0},
    }
    status = ServiceStatus(service="inference", instance="i", ready=True, details={"learned": learned})

    lines = camera_lines([status], {"kitchen": "Kitchen", "hall": "Hall"})

    assert lines[1].endswith("; at places counts from 81 %, learned from 3 days and 1 false alarm")
    assert lines[0].endswith("no sign of life")
