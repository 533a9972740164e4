from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from structlog.testing import CapturingLogger

from hackai_inference.live.load_shedding import Level, LoadShedding, ResourceReading
from hackai_inference.live.resource_monitor import read_resources, watch_resources


def test_a_hot_board_is_read(tmp_path: Path) -> None:
    zone = tmp_path / "sys/class/thermal/thermal_zone0"
    zone.mkdir(parents=True)
    (zone / "type").write_text("GPU-therm\n")
    (zone / "temp").write_text("87500\n")
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/meminfo").write_text("MemAvailable:    307200 kB\n")

    assert read_resources(tmp_path) == ResourceReading(headroom_c=2.5, available_mb=300)


def test_a_machine_that_tells_nothing_suffers_nothing(tmp_path: Path) -> None:
    assert read_resources(tmp_path) == ResourceReading(None, None)


async def test_each_measurement_reaches_the_relief_until_the_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    relief, stop = LoadShedding(scan_every_s=10.0), asyncio.Event()
    strains = [ResourceReading(40.0, 2000), ResourceReading(4.0, 2000)]
    log = CapturingLogger()
    monkeypatch.setattr("hackai_inference.live.resource_monitor.log", log)

    def read() -> ResourceReading:
        strain = strains.pop(0)
        if not strains:
            loop.call_soon_threadsafe(stop.set)
        return strain

    loop = asyncio.get_running_loop()
    await asyncio.wait_for(watch_resources(relief, stop, every_s=0.001, read=read), 10)

    assert relief.level is Level.SCANS
    assert any("['heat_map', 'scans']" in str(call.kwargs) for call in log.calls)
