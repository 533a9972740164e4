from __future__ import annotations

from pathlib import Path

from hackai_inference.bench.conditions import read_conditions


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_a_board_tells_everything(tmp_path: Path) -> None:
    write(tmp_path / "proc/device-tree/model", "NVIDIA Jetson Xavier NX Developer Kit\0")
    write(tmp_path / "proc/meminfo", "MemAvailable:    2516348 kB\n")
    write(tmp_path / "etc/nv_tegra_release", "# R35 (release), REVISION: 4.1, GCID: 33958178, BOARD: t186ref")
    write(tmp_path / "var/lib/nvpmodel/status", "pmode:0008\n")
    write(tmp_path / "sys/class/thermal/thermal_zone0/type", "CPU-therm\n")
    write(tmp_path / "sys/class/thermal/thermal_zone0/temp", "43500\n")
    write(tmp_path / "sys/class/devfreq/17000000.gv11b/cur_freq", "510000000\n")
    write(tmp_path / "sys/class/devfreq/17000000.gv11b/max_freq", "1109250000\n")

    conditions = read_conditions(tmp_path)

    assert conditions.summary().startswith("NVIDIA Jetson Xavier NX Developer Kit, ")
    assert "L4T 35.4.1, power mode 8, gpu 510/1109 MHz, 44 °C, load " in conditions.summary()
    assert (conditions.available_mb, conditions.throttle_at_c) == (2457, 90.0)


def test_a_machine_that_tells_little_is_measured_all_the_same(tmp_path: Path) -> None:
    write(tmp_path / "proc/cpuinfo", "processor\t: 0\nmodel name\t: Some CPU @ 2 GHz\n")

    conditions = read_conditions(tmp_path)

    assert conditions.machine == "Some CPU @ 2 GHz"
    assert (conditions.l4t, conditions.power_mode, conditions.temperatures_c) == (None, None, {})
