"""A mistake in the configuration is named with file, line, key and the way out."""

from __future__ import annotations

from pathlib import Path

import pytest

from hackai_shared.config import ConfigError, load_config, parse_config
from hackai_shared.config.cameras import PyavSource

CAMERA = "cameras:\n  front:\n    source: {type: pattern}\n"


def problem(text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        parse_config(text, "config.yml", environment={})
    return str(caught.value)


def test_defaults_are_filled_in() -> None:
    config = parse_config(CAMERA)

    assert config.cameras["front"].fps == 10
    assert config.inference.model == "fire-classifier"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "config.yml:1:1: cameras: Field required"),
        ("camras: {}\n", "config.yml:1:1: camras: unknown key (did you mean cameras?)"),
        (CAMERA + "    fsp: 3\n", "config.yml:4:5: cameras.front.fsp: unknown key (did you mean fps?)"),
        (CAMERA + "    fps: fast\n", "config.yml:4:5: cameras.front.fps: Input should be a valid number"),
        (CAMERA + "    fps: 0\n", "cameras.front.fps: Input should be greater than 0, got 0"),
        (CAMERA + "    fps: .nan\n", "cameras.front.fps: Input should be a finite number"),
        (
            CAMERA + "inference:\n  confirmation:\n    fire_refrence: 1\n",
            "config.yml:6:5: inference.confirmation.fire_refrence: unknown key (did you mean fire_reference?)",
        ),
        (CAMERA.replace("front", "Front Door"), "cameras.Front Door: String should match pattern"),
        (CAMERA + CAMERA, "config.yml:4:1: cameras: given twice, first in line 1"),
        (CAMERA.replace("pattern}", "patern}"), "'pyav', 'gstreamer', 'images', 'pattern'"),
        (
            CAMERA.replace("pattern}", "pyav, url: x, lop: true}"),
            "cameras.front.source.lop: unknown key (did you mean loop?)",
        ),
        (CAMERA.replace("pattern}", "pyav, url: '${SECRET}'}"), "variable SECRET is not set (export SECRET=…)"),
        ("cameras: [", "config.yml:1:11: <file>: not YAML"),
    ],
)
def test_each_mistake_is_named(text: str, expected: str) -> None:
    assert expected in problem(text)


def test_all_mistakes_are_named_at_once() -> None:
    text = CAMERA + "    fps: 0\n    max_width: 1\nnotifer: {}\n"

    assert len(problem(text).splitlines()) == 3


def test_variables_are_taken_from_the_environment_and_never_shown() -> None:
    text = CAMERA.replace("pattern}", "pyav, url: 'rtsp://u:${PASSWORD}@cam/1'}")

    config = parse_config(text, environment={"PASSWORD": "hunter2"})

    source = config.cameras["front"].source
    assert isinstance(source, PyavSource)
    assert source.url.get_secret_value() == "rtsp://u:hunter2@cam/1"
    assert "hunter2" not in repr(config)


def test_a_missing_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"copy config\.example\.yml"):
        load_config(tmp_path / "config.yml")


def test_a_binary_file_is_no_crash(tmp_path: Path) -> None:
    path = tmp_path / "config.yml"
    path.write_bytes(b"\xff\xfe\x00binary")

    with pytest.raises(ConfigError, match="not UTF-8"):
        load_config(path)


def test_the_example_is_valid(root: Path) -> None:
    config = load_config(root / "config.example.yml", {"FRONT_DOOR_PASSWORD": "x"})

    assert config.cameras["front-door"].name == "Front door"
