from datetime import UTC, datetime
from typing import Any

import pytest

from hackai_notifier.bot.overview import camera_lines, status_text
from hackai_shared.messages import CameraStatus, ServiceStatus, utc_now

AT = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def test_redis_away_is_said_first() -> None:
    text = status_text(
        None, {"front": "Front"}, {"waiting": 2, "delivered": 5, "dead": 1}, ["Front: silent until 14:10"]
    )

    assert text.splitlines()[0].startswith("🔴 <b>Redis is unavailable</b>")
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
    assert "🔴 <b>camera</b>: does not respond" in text


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
            "🔴 <b>Test fires do not come through</b>: no &lt;sign&gt;",
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
    assert lines[0].endswith("the camera service does not respond")


@pytest.mark.parametrize(
    ("judged_s", "said"),
    [
        ({"front": 0.4}, "🟢 <b>Front</b> <code>front</code>: running, 10.0 fps, judged 0."),
        ({"front": 14.0}, "🔴 <b>Front</b> <code>front</code>: running, 10.0 fps, <b>not judged for 14 s</b>"),
        ({}, "🔴 <b>Front</b> <code>front</code>: running, 10.0 fps, <b>not judged</b>"),
    ],
)
def test_a_camera_speaks_of_its_last_judgement_and_not_of_its_pictures(judged_s: dict[str, float], said: str) -> None:
    front = CameraStatus(
        camera_id="front", name="Front", state="running", source="x", epoch="e", frames=9, dropped=0, reconnects=0,
        fps=10.0, last_frame_age_s=0.1,
    )  # fmt: skip
    camera = ServiceStatus(service="camera", instance="c", ready=True, cameras=[front])
    inference = ServiceStatus(service="inference", instance="i", ready=True, judged_s=judged_s, at=utc_now())

    (line,) = camera_lines([camera, inference], {"front": "Front"})

    assert line.startswith(said)
