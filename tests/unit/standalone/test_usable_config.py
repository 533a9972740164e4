"""What `up` refuses, `config check` and the doctor refuse too: one way to read the configuration."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from hackai_standalone import config_cli, up
from hackai_standalone.doctor.checks import configuration
from hackai_standalone.doctor.finding import Patient

CAMERA = "cameras:\n  front:\n    source: {type: pattern}\n"
WRONG = {
    "a time zone": (CAMERA + "notifier:\n  timezone: Paris\n", "unknown time zone; did you mean Europe/Paris?"),
    "an address without a scheme": (
        "cameras:\n  front:\n    source: {type: pyav, url: '192.168.1.20:554/stream1'}\n",
        "cameras.front.source.url",
    ),
    "a model that is not there": (CAMERA + "inference:\n  model: fier\n", "there is no model package 'fier'"),
    "a second opinion that is not there": (
        CAMERA + "inference:\n  second_opinion: {model: large}\n",
        "there is no model package 'large'",
    ),
    "a detector that is not there": (CAMERA + "inference:\n  detector: {model: boxes}\n", "no model package 'boxes'"),
    "a face that nobody can judge": (
        CAMERA + "notifier:\n  telegram: {login: face}\n",
        "the face service is not installed",
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_all_three_refuse(what: str, tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text, said = WRONG[what]
    path = tmp_path / "config.yml"
    path.write_text(text)
    monkeypatch.setenv("HACKAI_MODELS_DIR", str(root / "models"))
    monkeypatch.setenv("COLUMNS", "500")
    monkeypatch.delenv("HACKAI_FACE_AUTH_URL", raising=False)
    monkeypatch.setattr("hackai_standalone.usable_config.find_spec", lambda _name: None)
    patient = Patient(path, None, root / "models", tmp_path / "data", {}, {})

    checked = CliRunner().invoke(config_cli.app, ["check", str(path)])
    started = CliRunner().invoke(up.app, ["-c", str(path), "--data", str(tmp_path / "data")])
    (finding,) = configuration.check(patient)

    assert (checked.exit_code, started.exit_code, finding.level) == (1, up.CONFIGURATION_STATUS, "problem")
    assert said in finding.issue
    assert said in checked.output
    assert said in started.output + started.stderr
