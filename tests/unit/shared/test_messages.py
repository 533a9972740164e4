"""Messages are versioned, immutable, and tolerate what a newer sender adds."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from hackai_shared.messages import Actor, AuditRecord, Box, Command, FrameRef, utc_now


def test_fields_of_a_newer_sender_are_ignored() -> None:
    command = Command(action="snooze", actor=Actor(channel="telegram", id="1"), duration_s=60)
    data = command.model_dump_json()[:-1] + ',"mood":"calm"}'

    assert Command.model_validate_json(data) == command


def test_another_version_does_not_validate() -> None:
    record = AuditRecord(actor=Actor(channel="cli", id="x"), action="a", outcome="allowed")

    with pytest.raises(ValidationError, match="schema_version"):
        AuditRecord.model_validate({**record.model_dump(), "schema_version": 2})


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -0.1, 1.1])
def test_a_score_is_a_probability(value: float) -> None:
    with pytest.raises(ValidationError):
        Box(x1=0, y1=0, x2=1, y2=1, label="fire", score=value, source="cam")


@pytest.mark.parametrize("camera_id", ["", "UPPER", "a b", "../etc", "a*", "x" * 64])
def test_a_camera_id_is_safe_in_channels_paths_and_urls(camera_id: str) -> None:
    with pytest.raises(ValidationError):
        FrameRef(camera_id=camera_id, epoch="e", sequence=0, captured_at=utc_now(), stream_s=0)
