from __future__ import annotations

from pathlib import Path
from typing import Dict

import pytest

from hackai_shared.jetson.thermal import FALLBACK_LIMIT_C, Zone, hottest, is_jetson_zone, read_zones


def zone(root: Path, number: int, name: str, temp: str, trips: "Dict[int, str] | None" = None) -> None:
    folder = root / f"sys/class/thermal/thermal_zone{number}"
    folder.mkdir(parents=True)
    (folder / "type").write_text(name + "\n")
    (folder / "temp").write_text(temp + "\n")
    for index, (limit, kind) in enumerate((trips or {}).items()):
        (folder / f"trip_point_{index}_type").write_text(kind + "\n")
        (folder / f"trip_point_{index}_temp").write_text(f"{limit}\n")


def test_the_zones_of_a_xavier_nx_without_those_that_measure_something_else(tmp_path: Path) -> None:
    names = [("AUX-therm", "41500"), ("CPU-therm", "43000"), ("thermal-fan-est", "42000"), ("AO-therm", "41000")]
    for number, (name, temp) in enumerate([*names, ("GPU-therm", "40500"), ("PMIC-Die", "100000")]):
        zone(tmp_path, number, name, temp)

    zones = read_zones(tmp_path)

    assert {z.name: z.celsius for z in zones} == {
        "AUX-therm": 41.5,
        "CPU-therm": 43.0,
        "AO-therm": 41.0,
        "GPU-therm": 40.5,
    }
    assert hottest(zones) == Zone("CPU-therm", 43.0)


def test_the_kernels_own_limit_counts(tmp_path: Path) -> None:
    zone(tmp_path, 0, "CPU-therm", "80000", {96_000: "critical", 86_000: "passive", 50_000: "active"})
    zone(tmp_path, 1, "GPU-therm", "82000", {-1000: "passive"})

    zones = {z.name: z for z in read_zones(tmp_path)}

    assert zones["CPU-therm"].headroom_c == 6.0
    assert zones["GPU-therm"].limit_c == FALLBACK_LIMIT_C
    assert hottest(list(zones.values())) == zones["CPU-therm"]


def test_a_sensor_that_is_switched_off_is_left_out(tmp_path: Path) -> None:
    zone(tmp_path, 0, "CV0-therm", "")
    assert read_zones(tmp_path) == []


@pytest.mark.parametrize("name", ["x86_pkg_temp", "acpitz", "iwlwifi_1", "PMIC-Die", "thermal-fan-est", "nvme"])
def test_other_machines_have_no_such_zones(name: str) -> None:
    assert not is_jetson_zone(name)


def test_without_zones_nothing_is_hot(tmp_path: Path) -> None:
    assert hottest(read_zones(tmp_path)) is None
