"""A mistake in the configuration is named with file, line, key and the way out."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from hackai_shared.config import ConfigError, load_config, parse_config
from hackai_shared.config.cameras import PatternSource, PyavSource

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
        (CAMERA + "    fps: .nan\n", "config.yml:4:10: cameras.front.fps: .nan is not a finite number"),
        (
            CAMERA + "inference:\n  confirmation:\n    fire_refrence: 1\n",
            "config.yml:6:5: inference.confirmation.fire_refrence: unknown key (did you mean fire_reference?)",
        ),
        (CAMERA.replace("front", "Front Door"), "config.yml:2:3: cameras.Front Door: use lower case, digits, hyphens"),
        (CAMERA + CAMERA, "config.yml:4:1: cameras: given twice, first in line 1"),
        (CAMERA.replace("pattern}", "patern}"), "'pyav', 'snapshot', 'gstreamer', 'images', 'pattern'"),
        (
            CAMERA.replace("pattern}", "pyav, url: x, lop: true}"),
            "cameras.front.source.lop: unknown key (did you mean loop?)",
        ),
        (CAMERA.replace("pattern}", "pyav, url: '${SECRET}'}"), "variable SECRET is not set (export SECRET=…)"),
        ("cameras: [", "config.yml:1:11: <file>: not YAML"),
        (CAMERA.replace("front", "1"), "config.yml:2:3: cameras.1: YAML does not read 1 as text but as a number (put"),
        (CAMERA.replace("front", "no"), "cameras.no: YAML does not read no as text but as yes or no (put it in quotes"),
        (CAMERA.replace("front", "~"), "cameras.~: YAML does not read ~ as text but as nothing"),
        (
            CAMERA + "    name: 12\n",
            "config.yml:4:5: cameras.front.name: Input should be a valid string (put it in quo",
        ),
        (CAMERA.replace("front", "? [a, b]\n  "), "config.yml:2:5: cameras: a list cannot be a key"),
        (CAMERA.replace("pattern}", "pyav, url: !secret yard}"), "config.yml:3:31: cameras.front.source.url: the tag"),
        ("cameras:\n  yard: &a\n    source: *a\n", "cameras.yard.source: this alias stands for what contains it"),
        ("cameras:\n\tyard: 1\n", "config.yml:2:1: <file>: not YAML: found character '\\t' that cannot start any t"),
        ("notifier: {telegram: {admins: 5}}\n" + CAMERA, "admins: Input should be a valid list (write a list: [one, "),
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


@pytest.mark.parametrize(
    ("secret", "expected"),
    [
        ("p@ss/w#rd?", "rtsp://u:p%40ss%2Fw%23rd%3F@cam/1"),
        ("p%40ss", "rtsp://u:p%40ss@cam/1"),
        ("5%", "rtsp://u:5%25@cam/1"),
    ],
)
def test_a_password_from_the_environment_is_percent_encoded(secret: str, expected: str) -> None:
    text = CAMERA.replace("pattern}", "pyav, url: 'rtsp://u:${PASSWORD}@cam/1'}")

    source = parse_config(text, environment={"PASSWORD": secret}).cameras["front"].source

    assert isinstance(source, PyavSource)
    assert source.url.get_secret_value() == expected


def test_only_credentials_are_encoded() -> None:
    text = CAMERA.replace("pattern}", "pyav, url: '${BASE}/live?channel=${CHANNEL}'}")

    source = parse_config(text, environment={"BASE": "rtsp://u:a%40b@cam", "CHANNEL": "1&x"}).cameras["front"].source

    assert isinstance(source, PyavSource)
    assert source.url.get_secret_value() == "rtsp://u:a%40b@cam/live?channel=1&x"


@pytest.mark.parametrize("password", ["geheim/7", "geheim#7", "geheim?7", "7/geheim"])
def test_a_password_that_breaks_its_address_is_refused_and_not_shown(password: str) -> None:
    said = problem(CAMERA.replace("pattern}", f"pyav, url: 'rtsp://root:{password}@cam/1'}}"))

    assert "config.yml:3:" in said
    assert "percent-encode" in said
    assert "geheim" not in said
    assert "rtsp://***@cam/1" in said


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("{type: pyav, url: 'rtsp://[::1/live'}", "the address cannot be read"),
        ("{type: pyav, url: ''}", "is empty"),
        ('{type: images, folder: "a\\0b"}', "NUL"),
        ('{type: gstreamer, pipeline: "v4l2src device=\'/dev/video0"}', "No closing quotation"),
        ("{type: pattern, fps: 1.0e-320}", "at least one picture in 1000 s"),
        ("{type: pyav, url: a.mp4, read_timeout_s: 1.0e+300}", "less than or equal to 86400"),
        ("{type: snapshot, url: 'rtsp://cam/1'}", "http:// or https://"),
        ("{type: snapshot, url: 'http://cam/1', interval_s: 60}", "less than or equal to 5"),
    ],
)
def test_a_source_that_could_never_be_opened_is_refused(source: str, expected: str) -> None:
    assert expected in problem(CAMERA.replace("{type: pattern}", source))


RULES = """\
    detection:
      schedules: [{{name: welding, start: {start}, end: {end}, threshold: 0.9, zone: {zone}}}]
notifier: {{summary_at: {summary}}}
"""


def rules(*, start: str = "08:00", end: str = "16:00", zone: str = "null", summary: str = "08:00") -> str:
    return CAMERA + RULES.format(start=start, end=end, zone=zone, summary=summary)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("08:00", "08:00"),
        ("'08:00'", "08:00"),
        ("8:30", "08:30"),
        ("22:15", "22:15"),
        ("0:05", "00:05"),
        ("22:15:30", "22:15:30"),
        ("10:20:30", "10:20:30"),
    ],
)
def test_a_time_of_day_is_what_was_written_whatever_yaml_takes_it_for(written: str, expected: str) -> None:
    config = parse_config(rules(start=written, end="23:30", summary=written))

    assert str(config.cameras["front"].detection.schedules[0].start) == expected
    assert str(config.notifier.summary_at) == expected


@pytest.mark.parametrize(
    "written", ["08:00Z", "'08:00+01:00'", "8", "22.15", "25:00", "24:01", "08:60", "noon", "true"]
)
def test_what_is_no_local_time_of_day_is_refused_everywhere(written: str) -> None:
    said = problem(rules(start=written, end=written, summary=written))

    assert [line.split(": ")[1] for line in said.splitlines()] == [
        "cameras.front.detection.schedules.0.start",
        "cameras.front.detection.schedules.0.end",
        "notifier.summary_at",
    ]
    assert "write it as HH:MM" in said or "a day ends at 24:00" in said


def test_a_day_ends_at_24_00_and_nothing_starts_then() -> None:
    assert str(parse_config(rules(start="00:00", end="24:00")).cameras["front"].detection.schedules[0].end) == "24:00"
    assert problem(rules(start="24:00", end="06:00", summary="24:00")).count("write 00:00") == 2


def test_a_schedule_of_a_zone_without_a_name_is_refused() -> None:
    assert "names the zone" in problem(rules(zone="''"))


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


@pytest.mark.skipif(sys.version_info < (3, 9), reason="no time zones in Python 3.8")
@pytest.mark.parametrize(("zone", "hint"), [("Paris", "did you mean Europe/Paris?"), ("Mars/Base", "e.g. Europe/Rome")])
def test_a_time_zone_that_the_notifier_would_refuse_is_refused_by_every_check(zone: str, hint: str) -> None:
    with pytest.raises(ConfigError, match="unknown time zone") as caught:
        parse_config(f"cameras: {{}}\nnotifier:\n  timezone: {zone}\n")
    (problem,) = caught.value.problems
    assert (problem.line, problem.key) == (3, "notifier.timezone")
    assert hint in problem.message


@pytest.mark.parametrize("address", ["192.168.1.20:554/stream1", "cam.local:554", "ada:s3cret@10.0.0.2:554/stream"])
def test_an_address_without_a_scheme_is_no_path_and_shows_no_password(address: str) -> None:
    said = problem(f"cameras:\n  front:\n    source: {{type: pyav, url: '{address}'}}\n")
    assert "cameras.front.source.url" in said
    assert "put rtsp:// (or http://) in front of it" in said
    assert "s3cret" not in said


@pytest.mark.parametrize("path", ["/dev/video0", "clips/a.mp4", "C:/clips/a.mp4", "./10:20/a.mp4"])
def test_a_path_is_no_address(path: str) -> None:
    parse_config(f"cameras:\n  front:\n    source: {{type: pyav, url: '{path}'}}\n", environment={})


def test_merge_keys_and_a_place_for_anchors() -> None:
    text = (
        "x-source: &source {type: pattern, pattern: room, fps: 5}\n"
        "cameras:\n  yard:\n    source: *source\n  shed:\n    source: {<<: *source, pattern: black}\n"
    )

    cameras = parse_config(text).cameras

    assert cameras["yard"].source == PatternSource(type="pattern", pattern="room", fps=5)
    assert cameras["shed"].source == PatternSource(type="pattern", pattern="black", fps=5)


def test_a_day_is_an_id_like_any_other() -> None:
    assert list(parse_config(CAMERA.replace("front", "2026-01-01")).cameras) == ["2026-01-01"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("ids.yml", "quotes"),
        ("ids2.yml", "quotes"),
        ("listkey.yml", "listkey.yml:2:5"),
        ("loop.yml", "loop.yml:2:9"),
        ("secret.yml", "!secret"),
        ("tabs.yml", "spaces"),
        ("weird.yml", "!env_var"),
        ("merge.yml", ""),
        ("xkey.yml", ""),
        ("bomcrlf.yml", ""),
    ],
)
def test_files_that_people_wrote(root: Path, name: str, expected: str) -> None:
    folder = root.parent / "shared" / "cases" / "yaml"
    if not folder.is_dir():
        pytest.skip("needs the cases of ../shared")
    if not expected:
        assert load_config(folder / name, {}).cameras
        return
    with pytest.raises(ConfigError) as caught:
        load_config(folder / name, {})
    assert expected in str(caught.value)
