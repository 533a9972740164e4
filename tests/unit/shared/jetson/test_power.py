from __future__ import annotations

from pathlib import Path

import pytest

from hackai_shared.jetson.power import (
    Clock,
    PowerMode,
    parse_nvpmodel,
    parse_nvpmodel_status,
    read_clocks,
    read_power_mode,
)


@pytest.mark.parametrize(
    ("text", "mode"),
    [
        ("NV Fan Mode:quiet\nNV Power Mode: MODE_20W_6CORE\n8\n", PowerMode(8, "MODE_20W_6CORE")),
        ("NVPM WARN: fan mode is not set!\nNV Power Mode: MODE_15W_2CORE\n0\n", PowerMode(0, "MODE_15W_2CORE")),
        ("NV Power Mode: MAXN\n0\n", PowerMode(0, "MAXN")),
        ("NVPM ERROR: Error opening /var/lib/nvpmodel/status: 2\n", None),
        ("", None),
    ],
)
def test_what_nvpmodel_prints(text: str, mode: PowerMode) -> None:
    assert parse_nvpmodel(text) == mode


def test_the_file_that_nvpmodel_keeps(tmp_path: Path) -> None:
    assert parse_nvpmodel_status("pmode:0008 fmode:quiet\n") == PowerMode(8)
    assert parse_nvpmodel_status("") is None
    assert read_power_mode(tmp_path) is None
    (tmp_path / "var" / "lib" / "nvpmodel").mkdir(parents=True)
    (tmp_path / "var" / "lib" / "nvpmodel" / "status").write_text("pmode:0002\n")
    assert str(read_power_mode(tmp_path)) == "2"


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_the_slowest_core_and_the_gpu_are_the_clocks(tmp_path: Path) -> None:
    for core, now in ((0, 1_420_800), (1, 1_190_400)):
        folder = tmp_path / f"sys/devices/system/cpu/cpu{core}/cpufreq"
        write(folder / "scaling_cur_freq", f"{now}\n")
        write(folder / "scaling_max_freq", "1420800\n")
    gpu = tmp_path / "sys/class/devfreq/17000000.gv11b"
    write(gpu / "cur_freq", "1109250000\n")
    write(gpu / "max_freq", "1109250000\n")
    write(tmp_path / "sys/class/devfreq/15380000.nvjpg/cur_freq", "1\n")

    clocks = read_clocks(tmp_path)

    assert clocks == [Clock("cpu", 1190, 1420), Clock("gpu", 1109, 1109)]
    assert [clock.pinned for clock in clocks] == [False, True]


def test_a_machine_that_tells_nothing_has_no_clocks(tmp_path: Path) -> None:
    write(tmp_path / "sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq", "<unknown>")
    assert read_clocks(tmp_path) == []
