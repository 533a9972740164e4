"""What can be calibrated on."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from hackai_inference.calibration.footage import NoFootage, recorded, recordings


def write_video(path: Path, frames: int = 30, fps: float = 15.0) -> Path:
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"mp4v"), fps, (64, 48))
    for number in range(frames):
        writer.write(np.full((48, 64, 3), 40 + 5 * number, np.uint8))
    writer.release()
    return path


def test_a_recording_is_thinned_to_the_rate_of_the_camera(tmp_path: Path) -> None:
    shots = list(recorded(write_video(tmp_path / "a.mp4"), fps=5.0))

    assert len(shots) == 10
    assert np.diff([shot.stream_s for shot in shots]) == pytest.approx(0.2)
    assert (shots[0].width, shots[0].height, shots[0].source) == (64, 48, "a.mp4")
    assert shots[0].jpeg.startswith(b"\xff\xd8")
    assert (shots[-1].at - shots[0].at).total_seconds() == pytest.approx(1.8)


def test_a_folder_of_recordings_is_played_in_order(tmp_path: Path) -> None:
    write_video(tmp_path / "b.mp4", 3)
    write_video(tmp_path / "a.mp4", 3)

    assert [shot.source for shot in recorded(tmp_path, 60.0)] == ["a.mp4"] * 3 + ["b.mp4"] * 3


def test_a_folder_of_pictures_is_two_a_second(tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        cv2.imwrite(str(tmp_path / name), np.zeros((8, 8, 3), np.uint8))

    assert [shot.stream_s for shot in recorded(tmp_path, 10.0)] == [0.0, 0.5]


def test_what_is_no_footage_is_named(tmp_path: Path) -> None:
    with pytest.raises(NoFootage, match="neither recordings nor pictures"):
        list(recorded(tmp_path, 10.0))
    with pytest.raises(NoFootage, match="no recording"):
        recordings(tmp_path)
    (tmp_path / "x.mp4").write_bytes(b"no video")
    with pytest.raises(NoFootage, match="cannot be read"):
        list(recorded(tmp_path / "x.mp4", 10.0))
