"""``make bench``: the scripts of this folder on small numbers; each also runs by itself with more."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.benchmark, pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture
def scripts(monkeypatch: pytest.MonkeyPatch, root: Path) -> Any:
    """The modules of this folder by name."""
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    monkeypatch.chdir(root)
    return __import__


def test_rest_beside_a_tight_loop(scripts: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["rest", "--rounds", "8"])

    ratios = scripts("rest").main()

    for clients in (1, 4, 16):
        assert ratios[f"/v1/predict, {clients} clients"] > ratios[f"plain handler, {clients} clients"]


def test_what_the_live_loop_adds(scripts: Any) -> None:
    live = scripts("live")
    options = live.parse(["--frames", "1200"])

    samples = live.run(options)
    live.report(samples, options)

    assert len(samples.model) + sum(samples.dropped.values()) >= 0.99 * options.frames
    assert samples.queues[-1] <= options.cameras


def test_memory_and_queues_do_not_grow(scripts: Any, shared_data: Path) -> None:
    live = scripts("live")
    clips = shared_data / "data" / "video"
    options = live.parse(
        [
            *("--frames", "4800", "--speed", "2.5"),
            *("--calm", str(clips / "nofire_car_street.mp4"), "--fire", str(clips / "kitchen_sink_fire.mp4")),
        ]
    )

    samples = live.run(options)
    live.report(samples, options)

    half = len(samples.memory) // 2
    assert samples.memory[-1] - samples.memory[half] < 10  # MiB
    assert samples.queues[-1] <= options.cameras
    assert samples.incidents > 0


def test_the_clips(scripts: Any, shared_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clips = str(shared_data / "data" / "video" / "clips.json")
    monkeypatch.setattr(sys, "argv", ["clips", clips, "--fps", "10"])

    assert scripts("clips").main()
