from __future__ import annotations

from pathlib import Path

from hackai_shared.jetson.memory import parse_available_mb, read_available_mb

RECORDED = "MemTotal:        6954132 kB\nMemFree:          382016 kB\nMemAvailable:    2516348 kB\nBuffers:  1 kB\n"


def test_what_the_kernel_calls_available() -> None:
    assert parse_available_mb(RECORDED) == 2457
    assert parse_available_mb("MemTotal: 1 kB\n") is None


def test_a_host_that_does_not_tell(tmp_path: Path) -> None:
    assert read_available_mb(tmp_path) is None
