"""The systemd unit of `hackai up`, judged by systemd itself where it is installed."""

from __future__ import annotations

import getpass
import shutil
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hackai_standalone.install_service import UNIT, app, unit_text


def unit(folder: Path) -> str:
    return unit_text(
        folder / "config.yml", folder / "100% data $HOME", user=getpass.getuser(), folder=folder, environment_file=None
    )


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_systemd_accepts_the_unit(tmp_path: Path) -> None:
    path = tmp_path / UNIT
    path.write_text(unit(tmp_path))
    judged = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(path)], check=False, capture_output=True, text=True, timeout=60
    )
    about_it = [line for line in judged.stderr.splitlines() if UNIT in line]
    assert about_it == []
    assert judged.returncode == 0, judged.stderr


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_systemd_would_object_to_a_unit_that_is_wrong(tmp_path: Path) -> None:
    path = tmp_path / UNIT
    path.write_text(unit(tmp_path).replace("WatchdogSec=30", "WatchdogSec=soon"))
    judged = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(path)], check=False, capture_output=True, text=True, timeout=60
    )
    assert "Failed to parse sec value" in judged.stderr


def test_names_with_special_characters_mean_themselves(tmp_path: Path) -> None:
    [line] = [line for line in unit(tmp_path).splitlines() if line.startswith("ExecStart=")]
    assert "100%% data $$HOME" in line


def test_it_prints_the_unit_and_misses_a_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    missing = CliRunner().invoke(app, ["--print"])
    assert missing.exit_code == 1
    (tmp_path / "config.yml").write_text("cameras: {}\n")
    printed = CliRunner().invoke(app, ["--print", "--user", "fire"])
    assert printed.exit_code == 0
    assert "Type=notify" in printed.stdout
    assert "User=fire" in printed.stdout
