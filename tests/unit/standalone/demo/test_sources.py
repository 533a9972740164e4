"""From the --source argument to a camera."""

from __future__ import annotations

from pathlib import Path

import pytest

from hackai_shared.config import parse_config
from hackai_standalone.demo.sources import SourceError, is_endless, source_config


@pytest.mark.parametrize(
    ("argument", "url"),
    [
        ("rtsp://u:p@cam/1", "rtsp://u:p@cam/1"),
        ("http://cam/mjpg", "http://cam/mjpg"),
        ("0", "/dev/video0"),
    ],
)
def test_addresses_and_devices(argument: str, url: str) -> None:
    assert source_config(argument) == {"type": "pyav", "url": url}
    assert is_endless(argument)


@pytest.mark.parametrize(
    "argument", ["rtsp://root:geheim/1@cam/1", "rtsp://root:#geheim@cam/1", "rtsp://u:geheim@[::1/x"]
)
def test_an_address_that_cannot_be_read_is_refused_without_its_password(argument: str) -> None:
    with pytest.raises(SourceError, match="percent-encode") as caught:
        source_config(argument)

    assert "geheim" not in str(caught.value)


def test_a_file_is_played_and_has_an_end(tmp_path: Path) -> None:
    clip = tmp_path / "my clip.mp4"
    clip.write_bytes(b"x")

    assert source_config(str(clip)) == {"type": "pyav", "url": str(clip)}
    assert not is_endless(str(clip))


def test_a_folder_of_pictures(tmp_path: Path) -> None:
    (tmp_path / "a.JPG").write_bytes(b"x")

    assert source_config(str(tmp_path)) == {"type": "images", "folder": str(tmp_path)}


def test_a_folder_without_pictures_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="holds no pictures"):
        source_config(str(tmp_path))


def test_what_is_not_there_is_refused_with_the_way_out() -> None:
    with pytest.raises(SourceError, match=r"no such file or folder; give a video file.*rtsp://"):
        source_config("nothing-here.mp4")


def test_the_result_fits_the_configuration(tmp_path: Path) -> None:
    section = source_config("rtsp://cam/1")

    config = parse_config(f"cameras: {{demo: {{source: {{type: {section['type']}, url: '{section['url']}'}}}}}}")

    assert config.cameras["demo"].source.type == "pyav"
