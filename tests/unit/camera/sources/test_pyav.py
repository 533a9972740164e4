"""What FFmpeg opens: files here; networks are in the integration tests."""

from __future__ import annotations

import socket
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest

from hackai_camera.jpeg import read_structure
from hackai_camera.pictures import JpegPicture
from hackai_camera.sources.base import Pace, SourceError
from hackai_camera.sources.pyav import Video
from hackai_shared.config.cameras import PyavSource


def video(url: Path | str, bad: list[str] | None = None, **options: Any) -> Video:
    config = PyavSource.model_validate({"url": str(url), **options})
    return Video(config, (bad if bad is not None else []).append)


def brightness(jpeg: bytes) -> float:
    return float(np.asarray(cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)).mean())


@pytest.mark.parametrize(
    ("name", "codec"), [("a.mp4", "mpeg4"), ("a.avi", "mjpeg"), ("a.mkv", "mpeg4"), ("a.mov", "mjpeg")]
)
def test_a_file_gives_all_frames_with_their_times(make_video: Callable[..., Path], name: str, codec: str) -> None:
    source = video(make_video(name, codec=codec, frames=20, fps=10))

    assert source.open() is Pace.REAL_TIME
    frames = [(frame.media_s, frame.picture.encode(640, 90)) for frame in source.frames()]
    source.close()

    assert [at for at, _ in frames] == pytest.approx([n / 10 for n in range(20)], abs=1e-3)
    assert [brightness(picture.jpeg) for _, picture in frames] == pytest.approx([10 + 8 * n for n in range(20)], abs=5)


def test_as_fast_as_possible_is_a_pace(make_video: Callable[..., Path]) -> None:
    source = video(make_video(), paced=False)

    assert source.open() is Pace.UNPACED
    source.close()


def test_a_loop_continues_the_media_time(make_video: Callable[..., Path]) -> None:
    source = video(make_video(frames=5, fps=10), loop=True)
    source.open()

    times = [frame.media_s for frame in islice(source.frames(), 12)]
    source.close()

    assert times == pytest.approx([n / 10 for n in range(12)], abs=1e-3)


def test_motion_jpeg_passes_without_being_encoded_again(make_video: Callable[..., Path]) -> None:
    source = video(make_video("a.avi", codec="mjpeg"))
    source.open()
    pictures = [frame.picture for frame in source.frames()]
    source.close()

    assert len(pictures) == 20
    for picture in pictures:
        assert isinstance(picture, JpegPicture)
        assert picture.encode(640, 30).jpeg is picture.jpeg
        assert read_structure(picture.jpeg) is not None


def test_a_video_filmed_upright_is_turned(make_video: Callable[..., Path], tmp_path: Path) -> None:
    data = make_video("a.mp4", frames=2).read_bytes()
    identity = b"".join(number.to_bytes(4, "big") for number in (0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000))
    clockwise = b"".join(
        (number & 0xFFFFFFFF).to_bytes(4, "big") for number in (0, 0x10000, 0, -0x10000, 0, 0, 0, 0, 0x40000000)
    )
    track = data.index(b"tkhd")
    upright = tmp_path / "upright.mp4"
    upright.write_bytes(data[:track] + data[track:].replace(identity, clockwise, 1))
    source = video(upright)
    source.open()

    encoded = next(iter(source.frames())).picture.encode(640, 90)
    source.close()

    assert (encoded.width, encoded.height) == (48, 64)


def test_turning_goes_the_right_way(tmp_path: Path) -> None:
    path = tmp_path / "corner.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        pixels = np.zeros((48, 64, 3), np.uint8)
        pixels[:24, :32] = 255  # top left
        container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="bgr24")))
        container.mux(stream.encode())
    data = path.read_bytes()
    identity = b"".join(number.to_bytes(4, "big") for number in (0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000))
    # ISO 14496-12: (x', y') = (-y, x) is a quarter turn clockwise, as phones write it.
    clockwise = b"".join(
        (number & 0xFFFFFFFF).to_bytes(4, "big") for number in (0, 0x10000, 0, -0x10000, 0, 0, 0, 0, 0x40000000)
    )
    track = data.index(b"tkhd")
    path.write_bytes(data[:track] + data[track:].replace(identity, clockwise, 1))
    source = video(path)
    source.open()

    jpeg = next(iter(source.frames())).picture.encode(640, 95).jpeg
    source.close()
    shown = np.asarray(cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_GRAYSCALE))

    assert shown.shape == (64, 48)
    assert shown[:30, 26:].mean() > 240  # top right
    assert shown[:, :22].mean() < 15


def test_a_damaged_file_gives_what_can_be_read(make_video: Callable[..., Path]) -> None:
    path = make_video("a.mkv", frames=30)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 2 // 3])
    source = video(path)
    source.open()

    times = [frame.media_s for frame in source.frames()]
    source.close()

    assert 5 < len(times) < 30
    assert times == sorted(times, key=lambda at: at or 0.0)


def test_damaged_packets_are_skipped_and_told(make_video: Callable[..., Path]) -> None:
    path = make_video("a.avi", codec="mjpeg", frames=10)
    data = path.read_bytes()
    at = data.index(b"\xff\xd8", data.index(b"\xff\xd8") + 2)
    path.write_bytes(data[:at] + bytes(40) + data[at + 40 :])
    bad: list[str] = []
    source = video(path, bad)
    source.open()

    frames = list(source.frames())
    source.close()

    assert len(frames) == 9
    assert len(bad) == 1


@pytest.mark.parametrize("name", ["a.txt", "a.mp4", "a.bin", "a.py", "a"])
def test_text_is_not_a_video(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text("This is a letter and not a video.\n" * 200)

    with pytest.raises(SourceError, match="cannot open"):
        video(path).open()


def test_a_file_cut_before_its_index_is_an_error(make_video: Callable[..., Path]) -> None:
    path = make_video("a.mp4")
    path.write_bytes(path.read_bytes()[:400])

    with pytest.raises(SourceError, match="cannot open"):
        video(path).open()


def test_sound_alone_is_no_video(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8000)
        assert isinstance(stream, av.AudioStream)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), format="s16", layout="mono")
        frame.rate = 8000
        container.mux(stream.encode(frame))
        container.mux(stream.encode())

    with pytest.raises(SourceError, match="no video"):
        video(path).open()


def test_what_is_not_there_is_named() -> None:
    with pytest.raises(SourceError, match="No such file"):
        video("/nowhere/clip.mp4").open()
    with pytest.raises(SourceError, match="cannot open"):
        video("/dev/video99").open()


def test_a_refused_connection_never_shows_the_password() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    for url in (f"rtsp://root:geheim@127.0.0.1:{port}/live", f"http://root:geheim@127.0.0.1:{port}/?password=geheim"):
        with pytest.raises(SourceError) as caught:
            video(url).open()

        assert "geheim" not in str(caught.value)
        assert caught.value.__cause__ is None


def test_a_server_that_says_nothing_is_given_up_in_time() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        for scheme in ("http", "rtsp"):
            url = f"{scheme}://127.0.0.1:{silent.getsockname()[1]}/live"
            with pytest.raises(SourceError, match=r"no answer within 0\.3 s"):
                video(url, open_timeout_s=0.3, read_timeout_s=0.3).open()


def test_the_track_that_a_player_shows_is_watched_and_not_the_cover(tmp_path: Path) -> None:
    path = tmp_path / "cover.mkv"
    with av.open(str(path), "w") as container:
        cover, film = container.add_stream("mjpeg", rate=1), container.add_stream("mpeg4", rate=10)
        for stream in (cover, film):
            assert isinstance(stream, av.VideoStream)
            stream.width, stream.height = 64, 48
            stream.pix_fmt = "yuvj420p" if stream is cover else "yuv420p"
        for stream, count, value in ((cover, 1, 250), (film, 10, 20)):
            for _ in range(count):
                frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), value, np.uint8), format="bgr24")
                container.mux(stream.encode(frame))
            container.mux(stream.encode())
    source = video(path, paced=False)
    source.open()

    frames = list(source.frames())
    source.close()

    assert len(frames) == 10
    assert brightness(frames[0].picture.encode(640, 90).jpeg) == pytest.approx(20, abs=5)


def test_a_real_file_with_a_cover_in_front(shared_data: Path) -> None:
    source = video(shared_data / "cases" / "media" / "cover_first.mkv", paced=False)
    source.open()

    assert len(list(source.frames())) > 10
    source.close()
