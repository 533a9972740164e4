"""Each check of the doctor names what is wrong and how to mend it."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import SecretStr

from hackai_shared.config import HackAIConfig, parse_config
from hackai_shared.config.cameras import CameraConfig, PyavSource
from hackai_standalone.doctor.checks import (
    cameras,
    configuration,
    disk,
    memory,
    model,
    ports,
    redis,
    system_clock,
    telegram,
)
from hackai_standalone.doctor.finding import Finding, Patient

CONFIG = "cameras:\n  front:\n    source: {type: pattern}\n"


@pytest.fixture
def patient(tmp_path: Path, root: Path) -> Patient:
    path = tmp_path / "config.yml"
    path.write_text(CONFIG)
    return Patient(path, parse_config(CONFIG), root / "models", tmp_path / "data", {}, {})


def configured(patient: Patient, text: str) -> Patient:
    patient.config_path.write_text(text)
    config: HackAIConfig = parse_config(text)
    return replace(patient, config=config)


def only(findings: Iterable[Finding]) -> Finding:
    (finding,) = findings
    return finding


def test_a_healthy_machine_has_no_problem(patient: Patient, redis_url: str) -> None:
    checks = (configuration, model, redis, ports, cameras, disk, memory, system_clock)

    findings = [finding for check in checks for finding in check.check(patient)]

    assert [finding for finding in findings if finding.level == "problem"] == []
    assert {finding.check for finding in findings} >= {"configuration", "model", "redis", "cameras", "disk"}


def test_every_mistake_in_the_configuration_is_reported(patient: Patient) -> None:
    patient.config_path.write_text(CONFIG + "    fsp: 1\n    fps: 0\n")

    findings = list(configuration.check(patient))

    assert len(findings) == 2
    assert "did you mean fps?" in findings[0].issue + findings[1].issue


def test_no_enabled_camera_is_a_problem(patient: Patient) -> None:
    finding = only(configuration.check(configured(patient, CONFIG + "    enabled: false\n")))

    assert (finding.level, finding.suggestion) == ("problem", "add one under cameras:")


def test_a_changed_model_file_is_found(patient: Patient, root: Path, tmp_path: Path) -> None:
    source = root / "models" / "fire-classifier" / "1"
    target = tmp_path / "models" / "fire-classifier" / "1"
    target.mkdir(parents=True)
    for file in source.iterdir():
        (target / file.name).write_bytes(file.read_bytes())
    manifest = json.loads((target / "manifest.json").read_text())
    changed = target / manifest["variants"]["int8"]["file"]
    changed.write_bytes(changed.read_bytes()[:-1] + b"\0")

    finding = only(model.check(replace(patient, models_dir=tmp_path / "models")))

    assert finding.level == "problem"
    assert "SHA-256" in finding.issue


def test_a_missing_model_is_found(patient: Patient, tmp_path: Path) -> None:
    finding = only(model.check(replace(patient, models_dir=tmp_path)))

    assert "no package fire-classifier" in finding.issue


def test_a_redis_that_forgets_is_a_warning(patient: Patient, redis_url: str) -> None:
    finding = only(redis.check(replace(patient, environment={"HACKAI_REDIS_URL": redis_url})))

    assert (finding.level, finding.suggestion) == ("warning", "set appendonly yes")


def test_a_redis_that_does_not_answer_is_a_problem_and_its_password_is_not_shown(
    patient: Patient, free_port: int
) -> None:
    url = f"redis://:secret@127.0.0.1:{free_port}/0"

    finding = only(redis.check(replace(patient, environment={"HACKAI_REDIS_URL": url})))

    assert finding.level == "problem"
    assert "secret" not in finding.issue


def test_a_port_that_somebody_else_uses_is_a_problem(patient: Patient) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        finding = only(ports.check(replace(patient, ports={"camera": port})))

    assert finding.level == "problem"
    assert finding.suggestion == "stop it, or set HACKAI_CAMERA_PORT"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("{type: pyav, url: /dev/video99}", "ls /dev/video*"),
        ("{type: images, folder: /nowhere}", "mend the path"),
        ("{type: pyav, url: 'rtsp://u:secret@127.0.0.1:1/x'}", "ping the camera"),
    ],
)
def test_a_camera_that_cannot_be_reached(patient: Patient, source: str, expected: str) -> None:
    text = CONFIG.replace("{type: pattern}", source)

    finding = only(cameras.check(configured(patient, text)))

    assert finding.level == "problem"
    assert expected in finding.suggestion
    assert "secret" not in finding.issue


@pytest.mark.parametrize("password", ["geheim/1", "#geheim", "ge@heim", "1/geheim"])
def test_a_password_in_an_address_is_never_shown(patient: Patient, password: str) -> None:
    """Also where the configuration came by the check: the doctor reads addresses of every age."""
    source = PyavSource.model_construct(url=SecretStr(f"rtsp://root:{password}@127.0.0.1:1/live"))
    camera = CameraConfig.model_construct(source=source, enabled=True)
    sick = replace(patient, config=HackAIConfig.model_construct(cameras={"front": camera}))

    finding = only(cameras.check(sick))

    assert finding.level == "problem"
    assert "rtsp://***@127.0.0.1:1/live" in finding.issue
    assert not any(part in finding.issue + finding.suggestion for part in ("geheim", "heim", "ge@"))


@pytest.mark.parametrize("url", ["redis://:geheim/1@127.0.0.1:6379/0", "redis://:geheim@[::1/0"])
def test_the_password_of_redis_is_never_shown(patient: Patient, url: str) -> None:
    finding = only(redis.check(replace(patient, environment={"HACKAI_REDIS_URL": url})))

    assert finding.level == "problem"
    assert "percent-encode" in finding.issue
    assert "geheim" not in finding.issue


def test_without_a_token_the_way_to_one_is_said(patient: Patient) -> None:
    finding = only(telegram.check(patient))

    assert finding.level == "warning"
    assert "@BotFather" in finding.suggestion


def test_a_telegram_that_does_not_answer_is_a_problem_and_the_token_is_not_shown(
    patient: Patient, free_port: int
) -> None:
    token = "123456789:" + "A" * 35
    text = CONFIG + f"notifier:\n  telegram: {{chats: [1], api_url: 'http://127.0.0.1:{free_port}'}}\n"
    ill = replace(configured(patient, text), environment={"HACKAI_TELEGRAM_TOKEN": token})

    finding = only(telegram.check(ill))

    assert finding.level == "problem"
    assert token not in finding.issue


def test_a_data_folder_that_cannot_be_written_is_a_problem(patient: Patient, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    finding = only(disk.check(replace(patient, data_dir=tmp_path / "file")))

    assert finding.level == "problem"
