"""The folder of pictures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from hackai_camera.sources.base import Pace, SourceError
from hackai_camera.sources.images import ImageFolder
from hackai_shared.config.cameras import ImagesSource


def source(folder: Path, bad: list[str] | None = None, **options: object) -> ImageFolder:
    config = ImagesSource.model_validate({"folder": str(folder), "fps": 2.0, **options})
    return ImageFolder(config, (bad if bad is not None else []).append)


def write(path: Path, value: int) -> bytes:
    assert cv2.imwrite(str(path), np.full((40, 60, 3), value, np.uint8))
    return path.read_bytes()


def test_pictures_come_in_the_order_of_their_names_at_the_rate(tmp_path: Path) -> None:
    for number, suffix in enumerate(("png", "jpg", "webp", "jpeg")):
        write(tmp_path / f"{3 - number}.{suffix}", 50 * (3 - number))
    (tmp_path / "notes.txt").write_text("no picture")
    folder = source(tmp_path)

    assert folder.open() is Pace.REAL_TIME
    frames = list(folder.frames())

    assert [frame.media_s for frame in frames] == [0.0, 0.5, 1.0, 1.5]
    jpegs = [frame.picture.encode(640, 90).jpeg for frame in frames]
    values = [np.mean(np.asarray(cv2.imdecode(np.frombuffer(jpeg, np.uint8), 1))) for jpeg in jpegs]
    assert values == pytest.approx([0, 50, 100, 150], abs=3)


def test_a_jpeg_passes_byte_for_byte(tmp_path: Path) -> None:
    data = write(tmp_path / "a.jpg", 90)

    (frame,) = source(tmp_path).frames()

    assert frame.picture.encode(640, 30).jpeg == data


def test_damaged_files_are_skipped_and_told(tmp_path: Path, make_jpeg: Callable[..., bytes]) -> None:
    (tmp_path / "1.jpg").write_bytes(make_jpeg()[:-30])
    (tmp_path / "2.jpg").write_text("text")
    (tmp_path / "3.png").write_bytes(b"")
    (tmp_path / "4.jpg").mkdir()
    (tmp_path / "5.jpg").write_bytes(make_jpeg())
    bad: list[str] = []

    frames = list(source(tmp_path, bad).frames())

    assert [frame.media_s for frame in frames] == [0.0]
    assert [reason.split(":")[0] for reason in bad] == ["1.jpg", "2.jpg", "3.png", "4.jpg"]


def test_a_decompression_bomb_is_not_decoded(tmp_path: Path, make_jpeg: Callable[..., bytes]) -> None:
    jpeg = make_jpeg()
    at = jpeg.index(b"\xff\xc0")
    (tmp_path / "bomb.jpg").write_bytes(jpeg[: at + 5] + (30000).to_bytes(2, "big") * 2 + jpeg[at + 9 :])
    (tmp_path / "good.jpg").write_bytes(jpeg)
    bad: list[str] = []

    assert len(list(source(tmp_path, bad).frames())) == 1
    assert [reason.split(":")[0] for reason in bad] == ["bomb.jpg"]


def test_loops_continue_the_media_time(tmp_path: Path) -> None:
    write(tmp_path / "a.png", 1)
    write(tmp_path / "b.png", 2)
    frames = source(tmp_path, loop=True).frames()

    assert [next(frames).media_s for _ in range(5)] == [0.0, 0.5, 1.0, 1.5, 2.0]


def test_a_folder_without_a_usable_picture_is_an_error_even_in_a_loop(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_text("text")

    with pytest.raises(SourceError, match="no usable picture"):
        list(source(tmp_path, loop=True).frames())


def test_an_empty_or_missing_folder_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no JPEG"):
        source(tmp_path).open()
    with pytest.raises(SourceError, match="No such file"):
        source(tmp_path / "missing").open()
