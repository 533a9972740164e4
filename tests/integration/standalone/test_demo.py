"""`hackai demo` as a person runs it: real processes, the shipped model, the bundled clip."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import av
import cv2
import pytest

from hackai_standalone.clip.render import IGNITION_S


def run_demo(cwd: Path, *arguments: str) -> tuple[int, list[dict[str, Any]], str]:
    command = [sys.executable, "-m", "hackai_standalone", "demo", "--json", *arguments]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=110, check=False)
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()], done.stderr


def test_the_bundled_clip_raises_one_alarm_with_picture_and_clip(tmp_path: Path) -> None:
    status, events, errors = run_demo(tmp_path)

    assert status == 0, errors
    incidents = [event for event in events if event["event"] == "incident"]
    assert len(incidents) == 1
    assert incidents[0]["label"] in ("fire", "start_fire")
    assert IGNITION_S <= incidents[0]["opened_s"] <= incidents[0]["confirmed_s"] <= IGNITION_S + 5
    delivered = {event["step"]: event for event in events if event["event"] == "delivered"}
    assert {"text", "photo", "clip"} <= set(delivered)
    picture = cv2.imread(delivered["photo"]["detail"])
    assert picture is not None
    assert picture.shape[1] == 640
    with av.open(delivered["clip"]["detail"]) as clip:
        assert clip.streams.video[0].codec_context.name == "h264"
    assert events[-1]["event"] == "ended"
    assert events[-1]["undelivered"] == []


def test_an_empty_room_raises_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    from hackai_standalone.clip.render import frames

    room = next(frames())
    for number in range(8):
        cv2.imwrite(str(folder / f"{number}.jpg"), room[..., ::-1])

    status, events, errors = run_demo(tmp_path, "--source", str(folder))

    assert status == 0, errors
    assert [event["event"] for event in events] == ["started", "ended"]
    assert events[-1]["judged"] == 8


@pytest.mark.parametrize(
    ("content", "expected_status", "expected"),
    [(None, 2, "no such file or folder"), (b"this is text, not a video", 1, "cannot be opened")],
)
def test_a_source_that_cannot_be_watched_is_said(
    tmp_path: Path, content: bytes | None, expected_status: int, expected: str
) -> None:
    if content is not None:
        (tmp_path / "clip.mp4").write_bytes(content)

    status, _, errors = run_demo(tmp_path, "--source", "clip.mp4")

    assert status == expected_status
    assert expected in " ".join(errors.split())
