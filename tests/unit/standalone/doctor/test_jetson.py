"""``hackai doctor --jetson`` on recorded boards."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hackai_shared.config import parse_config
from hackai_standalone.doctor.cli import app
from hackai_standalone.doctor.finding import Finding, Patient
from hackai_standalone.doctor.jetson import JETSON_CHECKS, board, container, csi, power, room, tensorrt, thermal

R35 = (
    "# R35 (release), REVISION: 4.1, GCID: 33958178, BOARD: t186ref, EABI: aarch64, DATE: Tue Aug  1 19:57:35 UTC 2023"
)
DPKG = """Package: libnvinfer-bin
Status: install ok installed
Version: 8.5.2-1+cuda11.4

Package: libnvinfer8
Status: install ok installed
Priority: optional
Architecture: arm64
Version: {version}
Description: TensorRT runtime libraries

Package: zlib1g
Version: 1:1.2.11
"""

Write = Callable[[str, str], None]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a file of the board."""

    def write_(path: str, text: str) -> None:
        target = tmp_path / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)

    return write_


@pytest.fixture
def healthy(tmp_path: Path, write: Write) -> Path:
    """A Xavier NX as it should be."""
    write("etc/nv_tegra_release", R35)
    write("sys/devices/soc0/family", "Tegra\n")
    write("proc/device-tree/model", "NVIDIA Jetson Xavier NX Developer Kit\0")
    write("proc/meminfo", "MemAvailable:    4816348 kB\n")
    write("usr/bin/nvidia-container-runtime", "")
    write("etc/docker/daemon.json", '{"runtimes": {"nvidia": {"path": "nvidia-container-runtime"}}}')
    write("var/lib/dpkg/status", DPKG.format(version="8.5.2-1+cuda11.4"))
    write("var/lib/nvpmodel/status", "pmode:0008\n")
    write("sys/class/thermal/thermal_zone0/type", "CPU-therm\n")
    write("sys/class/thermal/thermal_zone0/temp", "45000\n")
    write("sys/class/devfreq/17000000.gv11b/cur_freq", "1109250000\n")
    write("sys/class/devfreq/17000000.gv11b/max_freq", "1109250000\n")
    return tmp_path


@pytest.fixture
def patient(tmp_path: Path) -> Patient:
    config = parse_config("cameras:\n  front:\n    source: {type: gstreamer, csi: 0}\n")
    return Patient(tmp_path / "config.yml", config, tmp_path, tmp_path, {}, {})


def only(findings: Iterable[Finding]) -> Finding:
    (finding,) = findings
    return finding


def test_a_healthy_board_has_no_problem(
    patient: Patient, healthy: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("tmp/argus_socket", "")
    monkeypatch.setattr(room, "IMAGE_GB", 0)  # the disk is this machine's
    checks = (board, container, tensorrt, room, power, thermal, csi)

    findings = [finding for module in checks for finding in module.check(patient, healthy)]

    assert {finding.level for finding in findings} == {"ok"}
    assert [module.check for module in checks] == JETSON_CHECKS
    text = "\n".join(finding.issue for finding in findings)
    for part in ("Xavier NX Developer Kit: L4T 35.4.1", "8.5.2-1+cuda11.4", "power mode 8", "45 °C", "at their limit"):
        assert part in text


@pytest.mark.parametrize(
    ("release", "reason"),
    [
        (R35.replace("R35", "R36"), "Orin"),
        (R35.replace("R35", "R32"), "JetPack 4"),
        ("nonsense", "no L4T release in"),
    ],
)
def test_another_release_is_refused(patient: Patient, healthy: Path, write: Write, release: str, reason: str) -> None:
    write("etc/nv_tegra_release", release)
    finding = only(board.check(patient, healthy))
    assert finding.level == "problem"
    assert reason in finding.issue


def test_another_machine_is_no_jetson(patient: Patient, tmp_path: Path) -> None:
    assert only(board.check(patient, tmp_path)).issue == "this is no Jetson"


@pytest.mark.parametrize(
    ("daemon", "reason"),
    [("{}", "does not know"), ("{", "cannot be read"), ("[]", "cannot be read"), (None, "does not know")],
)
def test_a_daemon_without_the_runtime(
    patient: Patient, healthy: Path, write: Write, daemon: str | None, reason: str
) -> None:
    if daemon is None:
        (healthy / "etc/docker/daemon.json").unlink()
    else:
        write("etc/docker/daemon.json", daemon)
    finding = only(container.check(patient, healthy))
    assert finding.level == "problem"
    assert reason in finding.issue


def test_a_board_without_the_container_runtime(patient: Patient, healthy: Path) -> None:
    (healthy / "usr/bin/nvidia-container-runtime").unlink()
    assert "nvidia-ctk" in only(container.check(patient, healthy)).suggestion


def test_another_tensorrt_on_the_host_is_a_warning(patient: Patient, healthy: Path, write: Write) -> None:
    write("var/lib/dpkg/status", DPKG.format(version="8.4.1-1+cuda11.4"))
    assert only(tensorrt.check(patient, healthy)).level == "warning"
    (healthy / "var/lib/dpkg/status").unlink()
    assert only(tensorrt.check(patient, healthy)).level == "ok"


def test_another_power_mode_and_clocks_that_follow_the_load(patient: Patient, healthy: Path, write: Write) -> None:
    write("var/lib/nvpmodel/status", "pmode:0002\n")
    write("sys/class/devfreq/17000000.gv11b/cur_freq", "510000000\n")
    mode, clocks = power.check(patient, healthy)
    assert (mode.level, mode.suggestion) == ("warning", "sudo nvpmodel -m 8")
    assert "gpu 510 of 1109 MHz" in clocks.issue


@pytest.mark.parametrize(("temp", "level"), [("81000", "ok"), ("84000", "warning"), ("91000", "problem")])
def test_a_hot_board(patient: Patient, healthy: Path, write: Write, temp: str, level: str) -> None:
    write("sys/class/thermal/thermal_zone0/temp", temp)
    assert only(thermal.check(patient, healthy)).level == level


def test_too_little_room(patient: Patient, healthy: Path, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    write("proc/meminfo", "MemAvailable:    1024000 kB\n")
    monkeypatch.setattr(room, "IMAGE_GB", 10**6)
    disk, memory = room.check(patient, healthy)
    assert (disk.level, memory.level) == ("warning", "warning")
    assert memory.issue.startswith("1000 MB")


def test_a_csi_camera_without_its_daemon(patient: Patient, healthy: Path) -> None:
    assert only(csi.check(patient, healthy)).suggestion == "sudo systemctl restart nvargus-daemon"


def test_the_command_runs_them_only_when_asked(tmp_path: Path) -> None:
    (tmp_path / "config.yml").write_text("cameras:\n  front:\n    source: {type: pattern}\n")
    arguments = ["--config", str(tmp_path / "config.yml"), "--data", str(tmp_path / "data"), "--json"]

    asked = json.loads(CliRunner().invoke(app, [*arguments, "--jetson"]).stdout)
    plain = json.loads(CliRunner().invoke(app, arguments).stdout)

    assert "this is no Jetson" in [finding["issue"] for finding in asked]
    assert "board" not in {finding["check"] for finding in plain}
